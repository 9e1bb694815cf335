// Rows of the past for whoever asks: of a row as it was, shown is what the policies and the rights of today
// would show of it. The ledger itself is read as its owner, and what is found is judged as the caller.
#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "functions/plans.hpp"
#include "functions/rows.hpp"
#include "ledger/reader.hpp"

extern "C" {
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/rls.h"
}

namespace auxeira::functions {

namespace {

constexpr long batch = 1000;

// --- What the caller may see
// --------------------------------------------------------------------------------

// As the server combines policies: one of the permissive ones and all of the restrictive ones.
constexpr const char* condition_query =
    "select coalesce('((' || string_agg(q.text, ') or (') filter (where q.permissive) || '))', 'false') "
    "|| coalesce(' and (' || string_agg(q.text, ') and (') filter (where not q.permissive) || ')', '') "
    "from (select pg_get_expr(p.polqual, p.polrelid) as text, p.polpermissive as permissive from pg_policy p "
    "where p.polrelid = $1 and p.polcmd in ('r', '*') "
    "and exists (select from unnest(p.polroles) r where r = 0 or pg_has_role(r, 'usage'))) q";

std::string condition_of(Oid relation) {
    backend([=] {
        Oid types[] = {REGCLASSOID};
        Datum values[] = {ObjectIdGetDatum(relation)};
        SPI_execute_with_args(condition_query, 1, types, values, nullptr, true, 1);
    });
    return column_text(1);
}

// Conditions name columns alone or after the name of the table.
std::string query_with(Oid relation, const std::string& condition) {
    struct Names {
        const char* type;
        const char* alias;
    };
    const Names names = backend([=] {
        const char* const name = get_rel_name(relation);
        const char* const schema = get_namespace_name(get_rel_namespace(relation));
        return Names{quote_qualified_identifier(schema, name), quote_identifier(name)};
    });
    return std::string(
               "select s.place from unnest($1) with ordinality s (encoded, place) where exists (select "
               "from auxeira.ledger_row(null::") +
           names.type + ", s.encoded) as " + names.alias + " where " + condition + ")";
}

class Sight {
public:
    explicit Sight(Oid relation) {
        has_all_columns_ =
            backend([=] { return pg_class_aclcheck(relation, GetUserId(), ACL_SELECT) == ACLCHECK_OK; });
        if (!has_all_columns_) read_columns(relation);
        has_policies_ = backend([=] { return check_enable_rls(relation, InvalidOid, false) == RLS_ENABLED; });
        if (has_policies_) query_ = query_with(relation, condition_of(relation));
    }

    bool is_unlimited() const { return has_all_columns_ && !has_policies_; }

    // By place; those of no row are not visible.
    std::vector<bool> visible(const std::vector<std::optional<Datum>>& states) const {
        std::vector<bool> found(states.size(), !has_policies_);
        if (!has_policies_) return found;
        std::vector<Datum> values;
        std::vector<std::size_t> places;
        for (std::size_t place = 0; place < states.size(); ++place) {
            if (!states[place]) continue;
            values.push_back(*states[place]);
            places.push_back(place);
        }
        for (const std::size_t passed : passing(values))
            found[places[passed]] = true;
        return found;
    }

    // Without the columns that the caller may not read. Of columns that are gone nothing says who might.
    Datum reduced(Datum state) const {
        if (has_all_columns_) return state;
        const auto* const bytes = backend([state] { return DatumGetByteaPP(state); });
        ledger::Row row =
            ledger::read_difference(ledger::bytes_of({VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes)}));
        std::erase_if(
            row, [this](const ledger::Field& field) { return !columns_.contains(std::string(field.name)); });
        const ledger::Bytes left = ledger::encode(row);
        return backend([&] {
            return PointerGetDatum(cstring_to_text_with_len(reinterpret_cast<const char*>(left.data()),
                                                            static_cast<int>(left.size())));
        });
    }

private:
    void read_columns(Oid relation) {
        Relation const table = backend([=] { return table_open(relation, AccessShareLock); });
        for (int place = 0; place < RelationGetDescr(table)->natts; ++place) {
            const FormData_pg_attribute& attribute = *TupleDescAttr(RelationGetDescr(table), place);
            const bool may_read = !attribute.attisdropped && backend([&] {
                return pg_attribute_aclcheck(relation, attribute.attnum, GetUserId(), ACL_SELECT) ==
                       ACLCHECK_OK;
            });
            if (may_read) columns_.emplace(NameStr(attribute.attname));
        }
        backend([=] { table_close(table, AccessShareLock); });
        if (!columns_.empty()) return;
        backend([=] { aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, get_rel_name(relation)); });
    }

    std::vector<std::size_t> passing(std::vector<Datum>& values) const {
        std::vector<std::size_t> places;
        Datum* const all = values.data();
        const int count = static_cast<int>(values.size());
        const char* const query = query_.c_str();
        backend([=] {
            Oid types[] = {BYTEAARRAYOID};
            Datum array[] = {PointerGetDatum(construct_array(all, count, BYTEAOID, -1, false, TYPALIGN_INT))};
            SPI_execute_with_args(query, 1, types, array, nullptr, true, 0);
        });
        SPITupleTable* const found = SPI_tuptable;
        for (std::uint64_t row = 0; row < found->numvals; ++row) {
            bool is_null = false;
            const Datum place =
                backend([&] { return SPI_getbinval(found->vals[row], found->tupdesc, 1, &is_null); });
            places.push_back(static_cast<std::size_t>(DatumGetInt64(place) - 1));
        }
        backend([=] { SPI_freetuptable(found); });
        return places;
    }

    bool has_all_columns_ = false;
    bool has_policies_ = false;
    std::set<std::string> columns_; // those that may be read, where not all may
    std::string query_;
};

// --- Showing rows
// --------------------------------------------------------------------------------------------

// The first two columns of what is read: the row, and the row before it.
constexpr std::size_t state = 0, earlier = 1;

struct Tuple {
    std::vector<Datum> values;
    std::unique_ptr<bool[]> nulls;

    std::optional<Datum> at(std::size_t column) const {
        return nulls[column] ? std::nullopt : std::optional(values[column]);
    }
};

Tuple deform(HeapTuple tuple, TupleDesc shape) {
    const auto columns = static_cast<std::size_t>(shape->natts);
    Tuple row{std::vector<Datum>(columns), std::unique_ptr<bool[]>(new bool[columns])};
    Datum* const values = row.values.data();
    bool* const nulls = row.nulls.get();
    backend([=] { heap_deform_tuple(tuple, shape, values, nulls); });
    return row;
}

void reduce(Tuple& row, std::size_t column, bool visible, const Sight& sight) {
    if (!visible) row.nulls[column] = true;
    if (!row.nulls[column]) row.values[column] = sight.reduced(row.values[column]);
}

// A row that is gone is seen by whoever would have seen it before.
void show(const std::vector<HeapTuple>& tuples, TupleDesc shape, const Sight& sight, Rows& rows) {
    std::vector<Tuple> found;
    std::vector<std::optional<Datum>> states;
    for (HeapTuple const tuple : tuples) {
        found.push_back(deform(tuple, shape));
        states.push_back(found.back().at(state));
        states.push_back(found.back().at(earlier));
    }
    const std::vector<bool> visible = sight.visible(states);
    for (std::size_t place = 0; place < found.size(); ++place) {
        Tuple& row = found[place];
        const bool sees_state = visible[2 * place], sees_earlier = visible[2 * place + 1];
        if (!(row.nulls[state] ? sees_earlier : sees_state)) continue;
        reduce(row, state, sees_state, sight);
        reduce(row, earlier, sees_earlier, sight);
        rows.put(row.values.data(), row.nulls.get());
    }
}

std::vector<HeapTuple> fetch(Portal portal) {
    AsOwner owner;
    backend([=] { SPI_cursor_fetch(portal, true, batch); });
    owner.leave();
    return {SPI_tuptable->vals, SPI_tuptable->vals + SPI_tuptable->numvals};
}

// What a source needs: its arguments are those of the function, and whether nothing is hidden from the
// caller.
struct Source {
    const char* query;
    Oid argument;
};

Portal open_source(const Source& source, Datum target, Datum argument, bool is_unlimited) {
    AsOwner owner;
    Portal const portal = backend([=] {
        Oid types[] = {REGCLASSOID, source.argument, BOOLOID};
        Datum values[] = {target, argument, BoolGetDatum(is_unlimited)};
        return SPI_cursor_open_with_args(nullptr, source.query, 3, types, values, nullptr, true, 0);
    });
    owner.leave();
    return portal;
}

Datum show_source(FunctionCallInfo fcinfo, const Source& source) {
    Rows rows(fcinfo);
    backend([] { SPI_connect(); });
    const Sight sight(PG_GETARG_OID(0));
    Portal const portal = open_source(source, PG_GETARG_DATUM(0), PG_GETARG_DATUM(1), sight.is_unlimited());
    MemoryContext const memory = backend(
        [] { return AllocSetContextCreate(CurrentMemoryContext, "auxeira rows", ALLOCSET_DEFAULT_SIZES); });
    for (std::vector<HeapTuple> tuples = fetch(portal); !tuples.empty(); tuples = fetch(portal)) {
        honour_interrupts();
        SPITupleTable* const table = SPI_tuptable;
        const MemoryContext callers = MemoryContextSwitchTo(memory);
        show(tuples, table->tupdesc, sight, rows);
        MemoryContextSwitchTo(callers);
        MemoryContextReset(memory);
        backend([=] { SPI_freetuptable(table); });
    }
    backend([] { SPI_finish(); });
    return PointerGetDatum(nullptr);
}

} // namespace

// ledger_history(target regclass, key jsonb)
AUXEIRA_SQL_FUNCTION(ledger_history) {
    return show_source(fcinfo, {"select * from auxeira.history_source($1, $2, $3)", JSONBOID});
}

// ledger_history_of_transaction(target regclass, transaction xid8)
AUXEIRA_SQL_FUNCTION(ledger_history_of_transaction) {
    return show_source(fcinfo, {"select * from auxeira.transaction_source($1, $2, $3)", XID8OID});
}

// ledger_past(target regclass, at timestamptz)
AUXEIRA_SQL_FUNCTION(ledger_past) {
    return show_source(fcinfo, {"select * from auxeira.past_source($1, $2, $3)", TIMESTAMPTZOID});
}

} // namespace auxeira::functions
