// JSON lines on standard error, written by a thread of their own: a stalled reader of the log must not
// stall a request. When the buffer is full lines are dropped and counted.
#pragma once

#include "json_object.hpp"

#include <string>
#include <string_view>

namespace auxeira::api {

enum class Level { debug, info, warn, error };

// What is less severe is not written from here on.
void set_log_level(Level threshold);

// Before start_log and after stop_log lines are written at once.
void start_log(Level threshold);
void stop_log();

void log_line(Level level, std::string_view message, const JsonObject& fields = {}) noexcept;

// For a handler of everything: the exception being handled, as the reason of an error.
void log_current_exception(std::string_view message, std::string_view request_id = {}) noexcept;

// UTC, to the millisecond.
std::string timestamp();

} // namespace auxeira::api
