#include "boundary/door.hpp"

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstring>
#include <exception>
#include <new>
#include <string>

#include "boundary/sqlstate.hpp"
#include "rejection.hpp"

extern "C" {
#include "mb/pg_wchar.h"
#include "utils/memutils.h"
}

namespace auxeira::boundary {

namespace {

constexpr size_t longest_text = 64 * 1024;

// Holds the error that is on its way. The one before it stays until the next one comes: of an error that was
// raised again the server keeps pointers to where it was. So a session that meets millions of errors keeps
// the memory of two.
MemoryContext error_memory() {
    static std::array<MemoryContext, 2> contexts{};
    static std::size_t current = 0;
    current = 1 - current;
    MemoryContext& context = contexts[current];
    if (context == nullptr) {
        context = AllocSetContextCreate(TopMemoryContext, "auxeira error on its way", ALLOCSET_SMALL_SIZES);
    } else {
        MemoryContextReset(context);
    }
    return context;
}

// Puts the server's error handling back as it was, whichever way the guarded call ends.
class GuardState {
public:
    GuardState()
        : stack_(PG_exception_stack), callbacks_(error_context_stack), memory_(CurrentMemoryContext) {}
    ~GuardState() { restore(); }
    GuardState(const GuardState&) = delete;
    GuardState& operator=(const GuardState&) = delete;

    void restore() const {
        PG_exception_stack = stack_;
        error_context_stack = callbacks_;
    }
    void restore_memory() const { MemoryContextSwitchTo(memory_); }

private:
    sigjmp_buf* const stack_;
    ErrorContextCallback* const callbacks_;
    const MemoryContext memory_;
};

// Copying can itself run out of memory: hence the second guard. Null then.
ErrorData* copy_error() {
    const GuardState state;
    sigjmp_buf jump;
    if (sigsetjmp(jump, 0) != 0) {
        state.restore_memory();
        FlushErrorState();
        return nullptr;
    }
    PG_exception_stack = &jump;
    MemoryContextSwitchTo(error_memory());
    ErrorData* const copy = CopyErrorData();
    state.restore_memory();
    FlushErrorState();
    return copy;
}

// What a handler keeps of an exception: plain data, so that nothing is lost when ereport jumps.
struct Refusal {
    ErrorData* backend = nullptr;
    int sqlstate = ERRCODE_INTERNAL_ERROR;
    const char* message = "unexpected failure inside auxeira";
    const char* detail = nullptr;
    const char* hint = nullptr;
};

// Never raises: a handler must not be left by a jump. Null when empty or when memory is short.
const char* keep(MemoryContext memory, const char* text, size_t length) {
    if (length == 0) return nullptr;
    const int kept = pg_mbcliplen(text, static_cast<int>(std::min(length, longest_text)), longest_text);
    auto* copy = static_cast<char*>(MemoryContextAllocExtended(memory, kept + 1, MCXT_ALLOC_NO_OOM));
    if (copy == nullptr) return nullptr;
    std::memcpy(copy, text, kept);
    copy[kept] = '\0';
    return copy;
}

int sqlstate_of(Reason reason) {
    switch (reason) {
    case Reason::missing_field:
        return missing_field_sqlstate;
    case Reason::out_of_range:
        return ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE;
    default:
        return ERRCODE_INVALID_PARAMETER_VALUE;
    }
}

Refusal refusal_of(MemoryContext memory, const Rejection& rejection) {
    const auto kept = [memory](const std::string& text) { return keep(memory, text.data(), text.size()); };
    const char* const message = kept(rejection.message());
    return {.sqlstate = sqlstate_of(rejection.reason()),
            .message = message != nullptr ? message : "invalid value",
            .detail = kept(rejection.detail()),
            .hint = kept(rejection.hint())};
}

// Does not return: the text lives in the error memory, the exception object is gone by now.
[[noreturn]] void raise(const Refusal& refusal) {
    if (refusal.backend != nullptr) ReThrowError(refusal.backend);
    ereport(ERROR, (errcode(refusal.sqlstate), errmsg_internal("%s", refusal.message),
                    refusal.detail != nullptr ? errdetail_internal("%s", refusal.detail) : 0,
                    refusal.hint != nullptr ? errhint("%s", refusal.hint) : 0));
    pg_unreachable();
}

// The memory for the texts is made ready before the body runs: making it in a handler could raise.
MemoryContext text_memory() {
    static MemoryContext context = nullptr;
    if (context == nullptr) {
        context = AllocSetContextCreate(TopMemoryContext, "auxeira refusal", ALLOCSET_SMALL_SIZES);
    }
    return context;
}

constexpr Refusal out_of_memory{.sqlstate = ERRCODE_OUT_OF_MEMORY, .message = "out of memory"};

} // namespace

void run_guarded(void (*run)(void*), void* argument) {
    const GuardState state;
    sigjmp_buf jump;
    if (sigsetjmp(jump, 0) == 0) {
        PG_exception_stack = &jump;
        run(argument);
        return;
    }
    state.restore();
    state.restore_memory();
    throw BackendError(copy_error());
}

Datum enter(SqlFunctionBody body, FunctionCallInfo fcinfo) {
    const MemoryContext memory = text_memory();
    Refusal refusal;
    try {
        return body(fcinfo);
    } catch (const BackendError& error) {
        refusal = error.data() != nullptr ? Refusal{.backend = error.data()} : out_of_memory;
    } catch (const Rejection& rejection) {
        MemoryContextReset(memory);
        refusal = refusal_of(memory, rejection);
    } catch (const std::bad_alloc&) {
        refusal = out_of_memory;
    } catch (const std::exception& error) {
        MemoryContextReset(memory);
        const char* const text = keep(memory, error.what(), std::strlen(error.what()));
        if (text != nullptr) refusal.message = text;
    } catch (...) {
        refusal.message = "unexpected failure inside auxeira: an exception of unknown type";
    }
    raise(refusal);
}

} // namespace auxeira::boundary
