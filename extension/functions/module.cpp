// What PostgreSQL looks for when it loads the library.
#include "functions/rights.hpp"
#include "functions/settings.hpp"
#include "functions/volumes.hpp"

extern "C" {
PG_MODULE_MAGIC;

PGDLLEXPORT void _PG_init(void);
}

void _PG_init(void) {
    auxeira::functions::withhold_volumes();
    auxeira::functions::define_settings();
    auxeira::functions::follow_bound_logins();
}

AUXEIRA_SQL_FUNCTION(version) {
    return auxeira::backend([] { return PointerGetDatum(cstring_to_text(AUXEIRA_VERSION)); });
}
