#include "conditions.hpp"

#include "encoding.hpp"

#include <algorithm>
#include <optional>
#include <vector>

namespace auxeira::api {

namespace {

constexpr std::size_t etag_length = 32;
constexpr std::size_t longest_key = 255;

struct EntityTag {
    std::string_view text; // without quotes
    bool is_weak = false;
};

void skip(std::string_view& text, std::string_view characters) {
    text.remove_prefix(std::min(text.find_first_not_of(characters), text.size()));
}

// RFC 9110, 8.8.3: [W/]"...", of visible characters but quotes.
std::optional<EntityTag> take_tag(std::string_view& text) {
    EntityTag tag;
    tag.is_weak = text.starts_with("W/");
    if (tag.is_weak) text.remove_prefix(2);
    if (!text.starts_with('"')) return std::nullopt;
    const std::size_t end = text.find('"', 1);
    if (end == std::string_view::npos) return std::nullopt;
    tag.text = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
    const bool blank = tag.text.find_first_of(" \t") != std::string_view::npos;
    return blank ? std::nullopt : std::optional(tag);
}

// A list with commas, in which empty places count for nothing. Nothing when it is malformed.
std::optional<std::vector<EntityTag>> parse_tags(std::string_view text) {
    std::vector<EntityTag> tags;
    for (skip(text, ", \t"); !text.empty(); skip(text, ", \t")) {
        const std::optional<EntityTag> tag = take_tag(text);
        if (!tag) return std::nullopt;
        tags.push_back(*tag);
        skip(text, " \t");
        if (!text.empty() && text.front() != ',') return std::nullopt;
    }
    if (tags.empty()) return std::nullopt;
    return tags;
}

bool is_from_here(std::string_view etag) {
    return etag.size() == etag_length && etag.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

enum class Comparison { weak, strong };

std::string joined(const std::vector<EntityTag>& tags, Comparison comparison) {
    std::string list;
    for (EntityTag tag : tags) {
        if (comparison == Comparison::strong && tag.is_weak) continue;
        if (tag.text.ends_with(compressed_etag)) tag.text.remove_suffix(compressed_etag.size());
        if (is_from_here(tag.text)) list.append(list.empty() ? "" : ",").append(tag.text);
    }
    return list.empty() ? "-" : list;
}

std::optional<std::string> condition(const Request& request, std::string_view name, Comparison comparison) {
    const std::string field = request.list(name);
    if (request.count(name) == 0 || field == "*") return field;
    const auto tags = parse_tags(field);
    return tags ? std::optional(joined(*tags, comparison)) : std::nullopt;
}

// A string of RFC 8941, or the same without its quotes.
std::optional<std::string> idempotency_key(const Request& request) {
    constexpr std::string_view name = "idempotency-key";
    std::string_view key = request.header(name);
    if (request.count(name) > 1) return std::nullopt;
    if (key.size() >= 2 && key.starts_with('"') && key.ends_with('"')) key = key.substr(1, key.size() - 2);
    const bool plain = std::all_of(key.begin(), key.end(),
                                   [](char c) { return c > 0x20 && c < 0x7F && c != '"' && c != '\\'; });
    if (!plain || key.empty() || key.size() > longest_key) return std::nullopt;
    return std::string(key);
}

} // namespace

Conditions read_conditions(const Request& request, const Route& route) {
    Conditions conditions;
    if (route.method == "GET") {
        // A malformed one cannot be meant, and to answer in full is never wrong.
        conditions.if_none_match = condition(request, "if-none-match", Comparison::weak).value_or("");
        return conditions;
    }
    const auto if_match = condition(request, "if-match", Comparison::strong);
    if (!if_match) conditions.fault = "If-Match is not a list of ETags";
    conditions.if_match = if_match.value_or("");
    // What may be repeated anyway needs no key.
    const bool is_repeatable = route.idempotent || route.method == "PUT" || route.method == "DELETE";
    if (is_repeatable || request.count("idempotency-key") == 0) return conditions;
    const auto key = idempotency_key(request);
    if (!key) conditions.fault = "Idempotency-Key is not one of 1 to 255 visible characters";
    conditions.idempotency_key = key.value_or("");
    return conditions;
}

} // namespace auxeira::api
