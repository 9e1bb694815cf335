// Writing small JSON objects.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace auxeira::api {

std::string json_string(std::string_view text);

// Writes an object member by member. Bytes that are not UTF-8 become '?'.
class JsonObject {
public:
    JsonObject& text(std::string_view name, std::string_view value);
    JsonObject& number(std::string_view name, std::int64_t value);
    JsonObject& raw(std::string_view name, std::string_view json);
    std::string str() const { return out_ + '}'; }

private:
    void begin(std::string_view name);

    std::string out_ = "{";
};

} // namespace auxeira::api
