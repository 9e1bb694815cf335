#include "negotiation.hpp"

#include "encoding.hpp"
#include "url.hpp"

#include <algorithm>
#include <optional>
#include <string>

namespace auxeira::api {

namespace {

constexpr int whole = 1000;

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") + 1 - first);
}

// qvalue: 0 or 1, and up to three decimals.
std::optional<int> weight_of(std::string_view text) {
    if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return std::nullopt;
    if (text.size() > 1 && text[1] != '.') return std::nullopt;
    int weight = (text[0] - '0') * whole;
    int unit = whole;
    for (const char digit : text.substr(std::min<std::size_t>(text.size(), 2))) {
        if (digit < '0' || digit > '9') return std::nullopt;
        unit /= 10;
        weight += (digit - '0') * unit;
    }
    if (weight > whole) return std::nullopt;
    return weight;
}

struct Choice {
    std::string name; // in small letters
    int weight = whole;
};

std::optional<Choice> choice_of(std::string_view entry) {
    const std::vector<std::string_view> parts = split(entry, ';');
    Choice choice{lower(trimmed(parts.front()))};
    for (std::size_t i = 1; i < parts.size(); ++i) {
        const std::string_view parameter = trimmed(parts[i]);
        if (!parameter.starts_with("q=") && !parameter.starts_with("Q=")) continue;
        const auto weight = weight_of(parameter.substr(2));
        if (!weight) return std::nullopt;
        choice.weight = *weight;
    }
    return choice;
}

// 0 = another type, 1 = any, 2 = any of that kind, 3 = the type.
int precision(std::string_view range, std::string_view type) {
    if (range == type) return 3;
    if (range == "*/*") return 1;
    const std::string_view kind = type.substr(0, type.find('/') + 1);
    return range.size() == kind.size() + 1 && range.starts_with(kind) && range.ends_with('*') ? 2 : 0;
}

} // namespace

int quality_of_type(std::string_view accept, std::string_view type) {
    if (trimmed(accept).empty()) return whole;
    int closest = 0;
    int quality = 0;
    for (const std::string_view entry : split(accept, ',')) {
        const auto choice = choice_of(entry);
        const int close = choice ? precision(choice->name, type) : 0;
        if (close == 0 || close < closest) continue;
        quality = close == closest ? std::max(quality, choice->weight) : choice->weight;
        closest = close;
    }
    return quality;
}

bool accepts_coding(std::string_view accept_encoding, std::string_view coding) {
    int wanted = -1;
    int any = 0;
    int identity = -1;
    for (const std::string_view entry : split(accept_encoding, ',')) {
        const auto choice = choice_of(entry);
        if (!choice) continue;
        if (choice->name == coding || choice->name == "x-" + std::string(coding)) wanted = choice->weight;
        if (choice->name == "*") any = choice->weight;
        if (choice->name == "identity") identity = choice->weight;
    }
    const int quality = wanted >= 0 ? wanted : any;
    return quality > 0 && quality >= identity;
}

} // namespace auxeira::api
