// The trace that a request is a part of: W3C trace context, `traceparent`.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace auxeira::api {

struct TraceContext {
    std::string trace;  // 32 hexadecimal digits, not all zero
    std::string parent; // 16: the step that asks
    std::string flags;  // 2

    // As it is passed on.
    std::string text() const { return "00-" + trace + '-' + parent + '-' + flags; }
};

// Nothing when the field is malformed. Of a later version what version 00 knows is read.
std::optional<TraceContext> parse_traceparent(std::string_view text);

// This step of the client's trace; without one, the first step of a new trace.
TraceContext step_of(const std::optional<TraceContext>& clients);

} // namespace auxeira::api
