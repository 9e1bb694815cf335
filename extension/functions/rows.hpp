// The rows that a set-returning function gives.
#pragma once

#include "boundary/door.hpp"

extern "C" {
#include "funcapi.h"
}

namespace auxeira::functions {

// Where the rows of a set-returning function go.
class Rows {
public:
    explicit Rows(FunctionCallInfo fcinfo);

    // Copies the row.
    void put(const Datum* values, const bool* nulls);

private:
    ReturnSetInfo* const info_;
};

} // namespace auxeira::functions
