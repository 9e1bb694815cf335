// Writing small JSON objects.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace auxeira::api {

std::string json_string(std::string_view text);

// Writes an object member by member. Bytes that are not UTF-8 become '?'.
class JsonObject {
public:
    JsonObject() {
        out_.reserve(usual_size);
        out_ += '{';
    }
    JsonObject& text(std::string_view name, std::string_view value);
    JsonObject& number(std::string_view name, std::int64_t value);
    JsonObject& raw(std::string_view name, std::string_view json);
    JsonObject& members(const JsonObject& of);
    std::string str() const& { return out_ + '}'; }
    std::string str() && { return std::move(out_ += '}'); }

private:
    static constexpr std::size_t usual_size = 512;

    void begin(std::string_view name);

    std::string out_;
};

} // namespace auxeira::api
