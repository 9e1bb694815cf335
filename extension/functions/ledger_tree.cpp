// Sealing: leaves become part of the tree, and its head is signed.
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "functions/ledger_bytes.hpp"
#include "functions/plans.hpp"
#include "functions/settings.hpp"
#include "ledger/head.hpp"
#include "ledger/merkle.hpp"

extern "C" {
#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/timestamp.h"
}

namespace auxeira::functions {

namespace {

using ledger::ByteView;

std::vector<ledger::Hash> hashes_of(ByteView bytes) {
    std::vector<ledger::Hash> hashes(bytes.size() / sizeof(ledger::Hash));
    if (bytes.size() % sizeof(ledger::Hash) != 0)
        throw Rejection(Reason::invalid_value, "malformed bytes", {{"leaves", "must be hashes of 32 bytes"}});
    std::memcpy(hashes.data(), bytes.data(), bytes.size());
    return hashes;
}

// The nodes as three arrays of one length.
struct Nodes {
    std::vector<Datum> levels, indexes, hashes;
};

Nodes nodes_of(const std::vector<ledger::Node>& finished) {
    Nodes nodes;
    for (const ledger::Node& node : finished) {
        nodes.levels.push_back(Int32GetDatum(static_cast<int32>(node.level)));
        nodes.indexes.push_back(Int64GetDatum(static_cast<int64>(node.index)));
        nodes.hashes.push_back(bytea_datum(node.hash));
    }
    return nodes;
}

Datum array_of(std::vector<Datum>& elements, Oid type, int length, bool by_value, char alignment) {
    Datum* const values = elements.data();
    const int count = static_cast<int>(elements.size());
    return backend(
        [=] { return PointerGetDatum(construct_array(values, count, type, length, by_value, alignment)); });
}

Datum row_datum(FunctionCallInfo fcinfo, Datum* values, bool* nulls) {
    return backend([=] {
        TupleDesc shape = nullptr;
        if (get_call_result_type(fcinfo, nullptr, &shape) != TYPEFUNC_COMPOSITE)
            ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("a row is expected")));
        return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(shape), values, nulls));
    });
}

// The first arguments of ledger_sign() and ledger_head_text().
ledger::Head head_argument(FunctionCallInfo fcinfo) {
    ledger::Head head;
    head.origin = text_argument(fcinfo, 0);
    head.tree_size = static_cast<std::uint64_t>(PG_GETARG_INT64(1));
    head.root = exactly<ledger::Hash>(bytea_argument(fcinfo, 2), "root");
    head.block = static_cast<std::uint64_t>(PG_GETARG_INT64(3));
    head.previous = exactly<ledger::Hash>(bytea_argument(fcinfo, 4), "previous");
    head.incarnation = static_cast<std::uint64_t>(PG_GETARG_INT64(5));
    head.sealed_at = PG_GETARG_TIMESTAMPTZ(6);
    return head;
}

std::string content_of(const char* file) {
    std::ifstream stream(file, std::ios::binary);
    if (!stream) {
        throw Rejection(Reason::invalid_value, "the key file of the ledger cannot be read",
                        {{"auxeira.ledger_key_file", "names a file that the server may read"}});
    }
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

} // namespace

// ledger_append(size, frontier, leaves)
AUXEIRA_SQL_FUNCTION(ledger_append) {
    ledger::Frontier frontier(static_cast<std::uint64_t>(PG_GETARG_INT64(0)), bytea_argument(fcinfo, 1));
    std::vector<ledger::Node> finished;
    frontier.append(hashes_of(bytea_argument(fcinfo, 2)), finished);
    Nodes nodes = nodes_of(finished);
    Datum values[] = {Int64GetDatum(static_cast<int64>(frontier.size())),
                      bytea_datum(frontier.encoding()),
                      bytea_datum(frontier.root()),
                      array_of(nodes.levels, INT4OID, sizeof(int32), true, TYPALIGN_INT),
                      array_of(nodes.indexes, INT8OID, sizeof(int64), true, TYPALIGN_DOUBLE),
                      array_of(nodes.hashes, BYTEAOID, -1, false, TYPALIGN_INT)};
    bool nulls[std::size(values)] = {};
    return row_datum(fcinfo, values, nulls);
}

// ledger_sign(origin text, tree_size, root, block, previous, incarnation, sealed_at)
AUXEIRA_SQL_FUNCTION(ledger_sign) {
    const std::string key = content_of(ledger_key_file());
    const ledger::SignedHead signed_head = ledger::sign_head(head_argument(fcinfo), ledger::SigningKey(key));
    Datum values[] = {text_datum(signed_head.text), bytea_datum(signed_head.signature),
                      bytea_datum(signed_head.public_key)};
    bool nulls[std::size(values)] = {};
    return row_datum(fcinfo, values, nulls);
}

// ledger_head_text(origin text, tree_size, root, block, previous, incarnation, sealed_at)
AUXEIRA_SQL_FUNCTION(ledger_head_text) {
    return text_datum(ledger::head_text(head_argument(fcinfo)));
}

} // namespace auxeira::functions
