// PostgreSQL's own headers, as C. Include after the C++ headers: port.h redefines printf and strerror.
#pragma once

extern "C" {
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif
}
