// The texts that the server gives numeric and jsonb values, written to one buffer.
#pragma once

#include <cstring>
#include <string_view>
#include <vector>

#include "boundary/door.hpp"

namespace auxeira::functions {

// One buffer for all texts: a string would look for room, and call a function, for every few characters.
class TextBuffer {
public:
    void clear() { length_ = 0; }
    std::string_view view() const { return {bytes_.data(), length_}; }

    // Where as many characters may be written; end_at() says after which of them the text ends.
    char* room(std::size_t most) {
        if (bytes_.size() - length_ < most) bytes_.resize(2 * (length_ + most));
        return bytes_.data() + length_;
    }
    void end_at(const char* end) { length_ = static_cast<std::size_t>(end - bytes_.data()); }

    void append(std::string_view text) {
        std::memcpy(room(text.size()), text.data(), text.size());
        length_ += text.size();
    }

private:
    std::vector<char> bytes_;
    std::size_t length_ = 0;
};

// What the type's output function gives. Allocates nothing of the server's but for values out of line.
void append_numeric(TextBuffer& text, Datum value);
void append_jsonb(TextBuffer& text, Datum value);

} // namespace auxeira::functions
