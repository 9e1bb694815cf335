#include "scoring/faults.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

namespace auxeira::scoring {

namespace {

bool plain(char c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return letter || (c >= '0' && c <= '9') || c == '_' || c == '-' || (c & 0x80) != 0;
}

} // namespace

void Faults::add(std::string path, std::string message) {
    if (kept_.size() < most_kept) {
        kept_.push_back({std::move(path), std::move(message)});
    } else {
        ++dropped_;
    }
}

void Faults::check(std::string_view message, std::string_view hint) const {
    if (kept_.empty()) return;
    std::vector<Fault> faults = kept_;
    if (dropped_ > 0) faults.push_back({"more", std::to_string(dropped_) + " further faults"});
    throw Rejection(Reason::invalid_value, std::string(message), std::move(faults), std::string(hint));
}

std::string path(std::string_view root, std::string_view part) {
    const bool word = !part.empty() && std::all_of(part.begin(), part.end(), plain);
    return std::string(root) + '.' + (word ? std::string(part) : quoted(part));
}

std::string quoted(std::string_view text) {
    constexpr std::string_view hex = "0123456789abcdef";
    std::string result = "\"";
    for (const char c : text) {
        if (static_cast<unsigned char>(c) < 0x20) {
            result += "\\u00";
            result += hex[c >> 4];
            result += hex[c & 0xf];
        } else {
            if (c == '"' || c == '\\') result += '\\';
            result += c;
        }
    }
    return result + '"';
}

std::string show(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "a number above 1.8e308" : "a number below -1.8e308";
    char text[32];
    const auto end = std::to_chars(text, text + sizeof text, value).ptr;
    return {text, end};
}

} // namespace auxeira::scoring
