#include "functions/replay.hpp"

#include <cstdlib>
#include <cstring>

#include "boundary/sqlstate.hpp"
#include "functions/plans.hpp"
#include "functions/settings.hpp"
#include "ledger/sha256.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/fmgrprotos.h"
#include "utils/uuid.h"
}

namespace auxeira::functions {

namespace {

// What the shim adds to a request is made anew for each.
constexpr const char* made_by_shim[] = {"tokenHash", "tokenSealed", "sealedCredentials"};

ledger::Hash request_hash(Jsonb* request) {
    Datum rest = JsonbPGetDatum(request);
    for (const char* const name : made_by_shim)
        rest = backend([=] { return DirectFunctionCall2(jsonb_delete, rest, CStringGetTextDatum(name)); });
    Jsonb* const bytes = DatumGetJsonbP(rest);
    ledger::Sha256 hash;
    hash.add(ledger::bytes_of(setting_text(Part::org_id))).add(ledger::bytes_of("|"));
    return hash.add(ledger::bytes_of({VARDATA(bytes), VARSIZE(bytes) - VARHDRSZ})).finish();
}

// The first eight bytes: of another purpose, or another key with the same, there is none to be expected.
std::int64_t lock_number(const std::string& function, const ledger::Hash& key) {
    ledger::Sha256 hash;
    hash.add(
        ledger::bytes_of(std::string("idempotency key|") + setting_text(Part::user_id) + '|' + function));
    const ledger::Hash whole = hash.add(key).finish();
    std::int64_t number = 0;
    std::memcpy(&number, whole.data(), sizeof(number));
    return number;
}

Datum bytea_datum(const ledger::Hash& hash) {
    return backend([&hash] {
        auto* const copy = static_cast<bytea*>(palloc(VARHDRSZ + hash.size()));
        SET_VARSIZE(copy, VARHDRSZ + hash.size());
        std::memcpy(VARDATA(copy), hash.data(), hash.size());
        return PointerGetDatum(copy);
    });
}

Datum uuid_setting(Part part) {
    const char* const text = setting_text(part);
    return backend([text] { return DirectFunctionCall1(uuid_in, CStringGetDatum(text)); });
}

} // namespace

Replay::Replay(std::string function, const std::string& key, Jsonb* request)
    : function_(std::move(function)), key_(ledger::sha256(ledger::bytes_of(key))),
      request_(request_hash(request)) {
    const std::int64_t number = lock_number(function_, key_);
    const bool is_free = backend([number] {
        return DatumGetBool(DirectFunctionCall1(pg_try_advisory_xact_lock_int8, Int64GetDatum(number)));
    });
    if (!is_free)
        refuse(under_way_sqlstate, "a request with this Idempotency-Key is under way",
               "Repeat the request in a moment.");
}

std::optional<KeptAnswer> Replay::find() const {
    static SPIPlanPtr plan = nullptr;
    if (plan == nullptr) {
        Oid types[] = {UUIDOID, TEXTOID, BYTEAOID, BYTEAOID};
        plan =
            prepare_kept("select is_same, status, body from auxeira.kept_answer($1, $2, $3, $4)", 4, types);
    }
    Datum values[] = {uuid_setting(Part::user_id), text_datum(function_), bytea_datum(key_),
                      bytea_datum(request_)};
    if (!fetch_row(plan, values, false)) return std::nullopt;
    if (!column_is_true(1))
        refuse(other_request_sqlstate, "this Idempotency-Key came with another request before",
               "Make up a new key for each request.");
    return KeptAnswer{std::atoi(column_text(2)), column_text(3)};
}

void Replay::keep(int status, const char* body) const {
    static SPIPlanPtr plan = nullptr;
    if (plan == nullptr) {
        Oid types[] = {UUIDOID, TEXTOID, BYTEAOID, UUIDOID, BYTEAOID, INT4OID, TEXTOID};
        plan = prepare_kept("select auxeira.keep_answer($1, $2, $3, $4, $5, $6, $7)", 7, types);
    }
    const Datum text = backend([body] { return CStringGetTextDatum(body); });
    Datum values[] = {uuid_setting(Part::user_id),
                      text_datum(function_),
                      bytea_datum(key_),
                      uuid_setting(Part::org_id),
                      bytea_datum(request_),
                      Int32GetDatum(status),
                      text};
    fetch_row(plan, values, false);
}

} // namespace auxeira::functions
