#include "trace_context.hpp"

#include "encoding.hpp"

namespace auxeira::api {

namespace {

constexpr std::size_t trace_digits = 32;
constexpr std::size_t parent_digits = 16;
constexpr std::size_t length_00 = 55;

bool is_lower_hex(std::string_view text) {
    return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_id(std::string_view text) {
    return is_lower_hex(text) && text.find_first_not_of('0') != std::string_view::npos;
}

bool has_form(std::string_view text) {
    if (text.size() < length_00 || text[2] != '-' || text[35] != '-' || text[52] != '-') return false;
    const std::string_view version = text.substr(0, 2);
    if (!is_lower_hex(version) || version == "ff") return false;
    return text.size() == length_00 || (version != "00" && text[length_00] == '-');
}

} // namespace

std::optional<TraceContext> parse_traceparent(std::string_view text) {
    if (!has_form(text)) return std::nullopt;
    const std::string_view trace = text.substr(3, trace_digits);
    const std::string_view parent = text.substr(36, parent_digits);
    const std::string_view flags = text.substr(53, 2);
    if (!is_id(trace) || !is_id(parent) || !is_lower_hex(flags)) return std::nullopt;
    return TraceContext{std::string(trace), std::string(parent), std::string(flags)};
}

TraceContext step_of(const std::optional<TraceContext>& clients) {
    const std::string random = random_id((trace_digits + parent_digits) / 2);
    const std::string parent = random.substr(trace_digits);
    if (clients) return {clients->trace, parent, clients->flags};
    return {random.substr(0, trace_digits), parent, "00"};
}

} // namespace auxeira::api
