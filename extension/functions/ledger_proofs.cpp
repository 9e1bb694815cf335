// Evidence for those who have no database: receipts and proofs of consistency, from the leaves and nodes that
// are stored.
#include <cstring>
#include <string>

#include "functions/ledger_bytes.hpp"
#include "functions/plans.hpp"
#include "ledger/head.hpp"
#include "ledger/proofs.hpp"
#include "ledger/readable.hpp"
#include "ledger/receipt.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/jsonb.h"
}

namespace auxeira::functions {

namespace {

using ledger::Hash;

SPIPlanPtr leaves_plan() {
    static SPIPlanPtr plan = nullptr;
    Oid types[] = {INT4OID, INT8OID, INT8OID};
    if (plan == nullptr)
        plan = prepare_kept(
            "select hash from auxeira.ledger_leaves($2, $2 + $3) where $1 = 0 order by leaf_index", 3, types);
    return plan;
}

SPIPlanPtr nodes_plan() {
    static SPIPlanPtr plan = nullptr;
    Oid types[] = {INT4OID, INT8OID, INT8OID};
    if (plan == nullptr)
        plan = prepare_kept(
            "select hash from auxeira.ledger_nodes where level = $1 and node >= $2 and node < $2 + $3 "
            "order by node",
            3, types);
    return plan;
}

ledger::ByteView column_bytes(std::uint64_t row) {
    const auto* const bytes = backend([row] {
        bool is_null = false;
        return DatumGetByteaPP(SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, 1, &is_null));
    });
    return ledger::bytes_of({VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes)});
}

// Whatever is not there, or not a hash, cannot be proved from.
void read_nodes(unsigned level, std::uint64_t first, std::span<Hash> into) {
    SPIPlanPtr const plan = level == 0 ? leaves_plan() : nodes_plan();
    Datum values[] = {Int32GetDatum(static_cast<int32>(level)), Int64GetDatum(static_cast<int64>(first)),
                      Int64GetDatum(static_cast<int64>(into.size()))};
    Datum* const arguments = values;
    backend([=] { SPI_execute_plan(plan, arguments, nullptr, true, 0); });
    if (SPI_processed != into.size()) {
        refuse(ERRCODE_DATA_CORRUPTED, "leaves or nodes of the ledger are gone",
               "auxeira.ledger_verify() tells what is wrong with it.");
    }
    for (std::size_t place = 0; place < into.size(); ++place)
        into[place] = exactly<Hash>(column_bytes(place), "node");
}

template <typename Prove>
std::vector<Hash> proof(std::uint64_t size, Prove&& prove) {
    backend([] { SPI_connect(); });
    ledger::Proofs proofs(read_nodes, size);
    std::vector<Hash> path = prove(proofs);
    backend([] { SPI_finish(); });
    return path;
}

ledger::SignedHead signed_head_argument(FunctionCallInfo fcinfo, int first) {
    return {std::string(text_argument(fcinfo, first)),
            exactly<ledger::Signature>(bytea_argument(fcinfo, first + 1), "signature"),
            exactly<ledger::PublicKey>(bytea_argument(fcinfo, first + 2), "public_key")};
}

ledger::Bytes copy_of(ledger::ByteView bytes) {
    return {bytes.begin(), bytes.end()};
}

} // namespace

// ledger_receipt_of(proof, metadata, encoded, leaf_index, head, signature, public_key)
AUXEIRA_SQL_FUNCTION(ledger_receipt_of) {
    const ledger::ByteView salt_and_leaf = bytea_argument(fcinfo, 0);
    ledger::Receipt receipt;
    receipt.salt =
        exactly<ledger::Salt>(salt_and_leaf.first(std::min<std::size_t>(salt_and_leaf.size(), 16)), "salt");
    receipt.leaf = exactly<Hash>(salt_and_leaf.subspan(sizeof receipt.salt), "leaf");
    receipt.metadata = copy_of(bytea_argument(fcinfo, 1));
    if (!PG_ARGISNULL(2)) receipt.row = copy_of(bytea_argument(fcinfo, 2));
    receipt.leaf_index = static_cast<std::uint64_t>(PG_GETARG_INT64(3));
    receipt.head = signed_head_argument(fcinfo, 4);
    receipt.tree_size = ledger::parse_head(receipt.head.text).tree_size;
    receipt.path =
        proof(receipt.tree_size, [&](auto& proofs) { return proofs.inclusion(receipt.leaf_index); });
    return text_datum(json_of(receipt));
}

// ledger_consistency_of(head, signature, public_key, the same of a newer one)
AUXEIRA_SQL_FUNCTION(ledger_consistency_of) {
    ledger::Consistency consistency{signed_head_argument(fcinfo, 0), signed_head_argument(fcinfo, 3), {}};
    const std::uint64_t first_size = ledger::parse_head(consistency.first.text).tree_size;
    const std::uint64_t second_size = ledger::parse_head(consistency.second.text).tree_size;
    consistency.path = proof(second_size, [=](auto& proofs) { return proofs.consistency(first_size); });
    return text_datum(json_of(consistency));
}

AUXEIRA_SQL_FUNCTION(ledger_head_json) {
    return text_datum(json_of(signed_head_argument(fcinfo, 0)));
}

// What is wrong with a head by itself, signed by the key it names. NULL for nothing.
AUXEIRA_SQL_FUNCTION(ledger_head_fault) {
    std::optional<std::string> fault;
    try {
        fault = fault_of(signed_head_argument(fcinfo, 0), std::nullopt);
    } catch (const Rejection& rejection) {
        fault = rejection.message();
    }
    if (!fault) PG_RETURN_NULL();
    return text_datum(*fault);
}

// A key for people to read, even when it is malformed.
AUXEIRA_SQL_FUNCTION(ledger_key_json) {
    const ledger::ByteView key = bytea_argument(fcinfo, 0);
    std::string json;
    try {
        json = ledger::readable_row(key);
    } catch (const Rejection&) {
        json = "{\"malformed\":" + ledger::json_text(ledger::hex(key)) + "}";
    }
    const char* const text = json.c_str();
    return backend([text] { return DirectFunctionCall1(jsonb_in, CStringGetDatum(text)); });
}

} // namespace auxeira::functions
