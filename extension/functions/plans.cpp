#include "functions/plans.hpp"

#include <cstdlib>
#include <cstring>

#include "functions/settings.hpp"

extern "C" {
#include "catalog/namespace.h"
#include "utils/acl.h"
#include "utils/guc.h"
}

namespace auxeira::functions {

SPIPlanPtr prepare_kept(const std::string& statement, int count, Oid* types) {
    const char* const text = statement.c_str();
    return backend([&] {
        SPIPlanPtr const plan = SPI_prepare(text, count, types);
        if (plan == nullptr) {
            ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not prepare \"%s\": %s", text,
                                                                    SPI_result_code_string(SPI_result))));
        }
        SPI_keepplan(plan);
        return plan;
    });
}

bool fetch_row(SPIPlanPtr plan, Datum* values, bool read_only) {
    return backend([&] {
        const int result = SPI_execute_plan(plan, values, nullptr, read_only, 1);
        if (result < 0) {
            ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR),
                            errmsg("could not execute a plan: %s", SPI_result_code_string(result))));
        }
        return SPI_processed > 0;
    });
}

const char* column_text(int column) {
    return backend([column] {
        const char* const text = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column);
        return text != nullptr ? text : "";
    });
}

bool column_is_true(int column) {
    return std::strcmp(column_text(column), "t") == 0;
}

Datum text_datum(const std::string& text) {
    const char* const characters = text.c_str();
    return backend([characters] { return CStringGetTextDatum(characters); });
}

void become(Oid role) {
    int context = 0;
    Oid current = InvalidOid;
    GetUserIdAndSecContext(&current, &context);
    SetUserIdAndSecContext(role, context | SECURITY_LOCAL_USERID_CHANGE);
}

AsOwner::AsOwner() : settings_level_(NewGUCNestLevel()) {
    constexpr const char* path = "pg_catalog, pg_temp";
    GetUserIdAndSecContext(&role_, &context_);
    if (std::strcmp(namespace_search_path, path) != 0) set_for_level("search_path", path);
    become(role_named("auxeira_owner"));
}

void AsOwner::leave() {
    SetUserIdAndSecContext(role_, context_);
    backend([this] { AtEOXact_GUC(true, settings_level_); });
}

Oid role_named(const char* name) {
    return backend([name] { return get_role_oid(name, false); });
}

void refuse(int sqlstate, const char* message, const char* hint) {
    backend(
        [=] { ereport(ERROR, (errcode(sqlstate), errmsg_internal("%s", message), errhint("%s", hint))); });
    std::abort(); // ereport does not return
}

} // namespace auxeira::functions
