// What the pure rooms throw when they refuse an input: nothing here knows PostgreSQL or HTTP.
#pragma once

#include <algorithm>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace auxeira {

// Why an input was refused; the boundary maps each reason to one SQLSTATE.
enum class Reason { invalid_value, missing_field, out_of_range };

// One fault: where it is (a path such as `responses.team.q1`) and what would be right.
struct Fault {
    std::string path;
    std::string message;
};

// A text of the input as it may stand in a path or a message: on one line, in quotes, without the `: ` that
// ends a path, and not longer than anybody reads.
inline std::string quoted(std::string_view text) {
    constexpr std::size_t longest = 60;
    constexpr std::string_view hexadecimal = "0123456789abcdef";
    std::size_t length = std::min(text.size(), longest);
    if (length < text.size()) {
        while (length > 0 && (text[length] & 0xc0) == 0x80)
            --length; // not inside a UTF-8 character
    }
    std::string result = "\"";
    for (const char c : text.substr(0, length)) {
        if (static_cast<unsigned char>(c) < 0x20 || c == ':') {
            result += "\\u00";
            result += hexadecimal[c >> 4];
            result += hexadecimal[c & 0xf];
        } else {
            if (c == '"' || c == '\\') result += '\\';
            result += c;
        }
    }
    return result + (length < text.size() ? "...\"" : "\"");
}

// The path of a member: `responses.team`, or with the name in quotes where it is not a plain word.
inline std::string path_of(std::string_view parent, std::string_view name) {
    constexpr std::size_t longest = 60;
    const auto plain = [](char c) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        return letter || (c >= '0' && c <= '9') || c == '_' || c == '-' || (c & 0x80) != 0;
    };
    const bool word = !name.empty() && name.size() <= longest && std::all_of(name.begin(), name.end(), plain);
    const std::string shown = word ? std::string(name) : quoted(name);
    return parent.empty() ? shown : std::string(parent) + '.' + shown;
}

// A refusal with every fault found. The detail has one `path: message` line for each fault.
class Rejection : public std::exception {
public:
    Rejection(Reason reason, std::string message, const std::vector<Fault>& faults = {},
              std::string hint = {})
        : reason_(reason), message_(std::move(message)), detail_(lines_of(faults)), hint_(std::move(hint)) {}

    const char* what() const noexcept override { return message_.c_str(); }
    Reason reason() const noexcept { return reason_; }
    const std::string& message() const noexcept { return message_; }
    const std::string& detail() const noexcept { return detail_; }
    const std::string& hint() const noexcept { return hint_; }

private:
    static std::string lines_of(const std::vector<Fault>& faults) {
        std::string lines;
        for (const Fault& fault : faults) {
            if (!lines.empty()) lines += '\n';
            lines += fault.path + ": " + fault.message;
        }
        return lines;
    }

    Reason reason_;
    std::string message_;
    std::string detail_; // made when thrown: whoever catches may not be able to allocate
    std::string hint_;
};

} // namespace auxeira
