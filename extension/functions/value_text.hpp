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
    void clear() { end_ = bytes_.data(); }
    std::string_view view() const { return {bytes_.data(), length()}; }

    // Where as many characters may be written; end_at() says after which of them the text ends.
    char* room(std::size_t most) {
        if (static_cast<std::size_t>(bytes_.data() + bytes_.size() - end_) < most) grow(most);
        return end_;
    }
    void end_at(char* end) { end_ = end; }

    [[gnu::always_inline]] void append(std::string_view text) {
        std::memcpy(room(text.size()), text.data(), text.size());
        end_ += text.size();
    }

private:
    std::size_t length() const { return static_cast<std::size_t>(end_ - bytes_.data()); }
    [[gnu::noinline]] void grow(std::size_t most);

    std::vector<char> bytes_;
    char* end_ = nullptr;
};

// What the type's output function gives. Allocates nothing of the server's but for values out of line.
void append_numeric(TextBuffer& text, Datum value);
void append_jsonb(TextBuffer& text, Datum value);

} // namespace auxeira::functions
