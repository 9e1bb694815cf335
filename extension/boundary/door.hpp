// The one door between C++ exceptions and PostgreSQL errors.
//
// Inward:  AUXEIRA_SQL_FUNCTION(name) { ... } defines the SQL-callable symbol auxeira_name. What its body
// throws
//          leaves as an ordinary SQL error after every destructor has run.
// Outward: backend([&] { return SPI_execute(...); }) calls the server. An error of the server comes back
//          as BackendError, so that the destructors above it run.
//
// Rules: the body given to backend() owns no object with a destructor and returns plain data; nobody
// swallows BackendError (the transaction is broken until the inward door raises it again); backend() is
// never called under noexcept or in a destructor.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#include "boundary/postgres.hpp"

namespace auxeira {

// An error of the server on its way to the inward door. Not a std::exception, so that no generic handler
// eats it.
class BackendError {
public:
    explicit BackendError(ErrorData* data) noexcept : data_(data) {}
    // Null when the server had no memory left to copy the error.
    ErrorData* data() const noexcept { return data_; }

private:
    ErrorData* data_;
};

namespace boundary {

using SqlFunctionBody = Datum (*)(FunctionCallInfo);

Datum enter(SqlFunctionBody body, FunctionCallInfo fcinfo);
void run_guarded(void (*run)(void*), void* argument);

} // namespace boundary

// Calls the server; see the rules above.
template <typename Body>
auto backend(Body&& body) {
    using Callable = std::remove_reference_t<Body>;
    using Result = std::invoke_result_t<Callable&>;
    static_assert(std::is_trivially_destructible_v<Callable>, "capture by reference or plain data");
    if constexpr (std::is_void_v<Result>) {
        boundary::run_guarded([](void* argument) { (*static_cast<Callable*>(argument))(); },
                              std::addressof(body));
    } else {
        static_assert(std::is_trivially_copyable_v<Result> && std::is_trivially_destructible_v<Result>,
                      "return plain data");
        struct Frame {
            Callable& callable;
            Result result;
        } frame{body, {}};
        boundary::run_guarded(
            [](void* argument) {
                Frame& inner = *static_cast<Frame*>(argument);
                inner.result = inner.callable();
            },
            &frame);
        return frame.result;
    }
}

// Lets a cancel, a timeout or a shutdown through. Call once per batch (1,000 rows or about 1 ms) in loops.
inline void honour_interrupts() {
    if (InterruptPending) backend([] { CHECK_FOR_INTERRUPTS(); });
}

} // namespace auxeira

// The symbol is auxeira_<name>: PostgreSQL loads libraries with global symbols, and plain names would meet.
#define AUXEIRA_SQL_FUNCTION(name)                                                                           \
    static Datum name##_body(FunctionCallInfo fcinfo);                                                       \
    extern "C" {                                                                                             \
    PGDLLEXPORT Datum auxeira_##name(PG_FUNCTION_ARGS);                                                      \
    PG_FUNCTION_INFO_V1(auxeira_##name);                                                                     \
    }                                                                                                        \
    Datum auxeira_##name(PG_FUNCTION_ARGS) {                                                                 \
        return auxeira::boundary::enter(name##_body, fcinfo);                                                \
    }                                                                                                        \
    static Datum name##_body([[maybe_unused]] FunctionCallInfo fcinfo)
