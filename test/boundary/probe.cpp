// Functions that do at the boundary what the product must never do, to see that a session survives it. Built
// and loaded by test/boundary/run only.
#include <chrono>
#include <cstdint>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "boundary/door.hpp"
#include "rejection.hpp"

extern "C" {
#include "executor/spi.h"
#include "miscadmin.h"

PG_MODULE_MAGIC;
}

namespace {

using auxeira::backend;

int32_t alive = 0;

// Counts itself, and owns memory that a skipped destructor would lose.
class Tracked {
public:
    Tracked() : memory_(4096, 'x') { ++alive; }
    ~Tracked() { --alive; }
    Tracked(const Tracked&) = delete;
    Tracked& operator=(const Tracked&) = delete;

private:
    std::vector<char> memory_;
};

void run_sql(const char* statement) {
    backend([] { SPI_connect(); });
    backend([statement] { SPI_execute(statement, false, 0); });
    backend([] { SPI_finish(); });
}

[[noreturn]] void throw_kind(const std::string& kind) {
    if (kind == "integer") throw 42;
    if (kind == "bad_alloc") throw std::bad_alloc();
    if (kind == "runtime_error") throw std::runtime_error("something of the library");
    if (kind == "empty") throw std::runtime_error("");
    if (kind == "percent") throw std::runtime_error("100 %s %n");
    if (kind == "long") throw std::runtime_error(std::string(1'000'000, 'x'));
    if (kind == "missing") {
        throw auxeira::Rejection(auxeira::Reason::missing_field, "Missing required field: a",
                                 {{"a", "this field is required"}});
    }
    throw auxeira::Rejection(auxeira::Reason::invalid_value, "two faults",
                             {{"a", "is 1"}, {"b[2]", "is \xc3\xa4"}}, "Try again.");
}

const char* text_argument(FunctionCallInfo fcinfo) {
    return backend([fcinfo] { return text_to_cstring(PG_GETARG_TEXT_PP(0)); });
}

// --- A function that is watched ---

Oid watched = InvalidOid;
const char* ending = "";

bool is_watched(Oid function) {
    return function == watched;
}

// What the server does itself comes after the end: it is no matter how soon it sees the cancel.
void see_watched(FmgrHookEventType event, FmgrInfo* function, Datum*) {
    if (function->fn_oid != watched) return;
    if (event == FHET_START) {
        QueryCancelPending = true;
        InterruptPending = true;
    }
    if (event == FHET_END) ending = "completed";
    if (event == FHET_ABORT) ending = "stopped";
}

} // namespace

AUXEIRA_SQL_FUNCTION(probe_throw) {
    const Tracked one;
    const std::string kind = text_argument(fcinfo);
    const Tracked two;
    throw_kind(kind);
}

// What SQL raises passes through C++ frames that own objects.
AUXEIRA_SQL_FUNCTION(probe_sql) {
    const Tracked one;
    const std::string statement = text_argument(fcinfo);
    const Tracked two;
    run_sql(statement.c_str());
    return BoolGetDatum(true);
}

// SQL calls C++ calls SQL, `depth` times, then the statement.
AUXEIRA_SQL_FUNCTION(probe_nest) {
    const Tracked tracked;
    const std::string statement = text_argument(fcinfo);
    const int32 depth = PG_GETARG_INT32(1);
    if (depth == 0) {
        run_sql(statement.c_str());
        return BoolGetDatum(true);
    }
    const char* const quoted = backend([&] { return quote_literal_cstr(statement.c_str()); });
    const std::string next =
        "select probe.nest(" + std::string(quoted) + ", " + std::to_string(depth - 1) + ")";
    run_sql(next.c_str());
    return BoolGetDatum(true);
}

// A loop that nothing but an interrupt should end: after ten seconds it gives up, so that a broken door fails
// the tests and does not hang them.
AUXEIRA_SQL_FUNCTION(probe_spin) {
    const Tracked tracked;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (std::chrono::steady_clock::now() < end)
        auxeira::honour_interrupts();
    return BoolGetDatum(false);
}

AUXEIRA_SQL_FUNCTION(probe_alive) {
    return Int32GetDatum(alive);
}

// A cancel is pending when the watched function starts; how the call ends is kept.
AUXEIRA_SQL_FUNCTION(probe_cancel_in) {
    watched = PG_GETARG_OID(0);
    ending = "not called";
    if (fmgr_hook != see_watched) {
        needs_fmgr_hook = is_watched;
        fmgr_hook = see_watched;
    }
    return static_cast<Datum>(0);
}

AUXEIRA_SQL_FUNCTION(probe_ending) {
    watched = InvalidOid;
    return backend([] { return CStringGetTextDatum(ending); });
}
