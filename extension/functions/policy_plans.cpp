#include "functions/policy_plans.hpp"

#include "functions/plans.hpp"
#include "functions/settings.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "parser/parse_func.h"
#include "utils/array.h"
#include "utils/inval.h"
#include "utils/syscache.h"
#include "utils/uuid.h"
}

namespace auxeira::functions {

namespace {

struct Narrowing {
    Oid only_id;
    bool is_done;
};

Oid find_only_id() {
    Oid types[] = {UUIDARRAYOID};
    char schema[] = "auxeira";
    char name[] = "only_id";
    return LookupFuncName(list_make2(makeString(schema), makeString(name)), 1, types, true);
}

int count_of(ArrayType* list) {
    return ArrayGetNItems(ARR_NDIM(list), ARR_DIMS(list));
}

// The value of one of the extension's lists, as the settings have it; null for any other expression.
ArrayType* id_list_of(Node* node) {
    if (!IsA(node, FuncExpr)) return nullptr;
    const auto* const call = castNode(FuncExpr, node);
    FmgrInfo function;
    fmgr_info(call->funcid, &function);
    if (!is_id_list(function.fn_addr)) return nullptr;
    if (call->args == NIL) return DatumGetArrayTypeP(FunctionCall0Coll(&function, InvalidOid));
    const auto* const scope = static_cast<Node*>(linitial(call->args));
    if (!IsA(scope, Const) || castNode(Const, scope)->constisnull) return nullptr;
    return DatumGetArrayTypeP(FunctionCall1(&function, castNode(Const, scope)->constvalue));
}

// Only what must be true for a row to be seen: to a list that has become empty since, an equality with its
// only member is not false, but NULL.
void narrow_condition(ListCell* place, Narrowing* narrowing) {
    auto* const node = static_cast<Node*>(lfirst(place));
    if (is_andclause(node) || is_orclause(node)) {
        ListCell* part;
        foreach (part, castNode(BoolExpr, node)->args)
            narrow_condition(part, narrowing);
    }
    if (!IsA(node, ScalarArrayOpExpr)) return;
    const auto* const comparison = castNode(ScalarArrayOpExpr, node);
    auto* const ids = static_cast<Node*>(lsecond(comparison->args));
    ArrayType* const list = comparison->useOr ? id_list_of(ids) : nullptr;
    if (list == nullptr || count_of(list) != 1) return;
    auto* const id = reinterpret_cast<Expr*>(makeFuncExpr(narrowing->only_id, UUIDOID, list_make1(ids),
                                                          InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL));
    lfirst(place) =
        make_opclause(comparison->opno, BOOLOID, false, static_cast<Expr*>(linitial(comparison->args)), id,
                      InvalidOid, comparison->inputcollid);
    narrowing->is_done = true;
}

bool narrow_node(Node* node, void* narrowing);

// PostgreSQL 15 declares walkers without their parameters.
const auto walker = reinterpret_cast<bool (*)()>(reinterpret_cast<void (*)()>(narrow_node));

bool narrow_node(Node* node, void* narrowing) {
    if (node == nullptr) return false;
    if (!IsA(node, Query)) return expression_tree_walker(node, walker, narrowing);
    auto* const query = castNode(Query, node);
    ListCell* table;
    foreach (table, query->rtable) {
        ListCell* condition;
        foreach (condition, static_cast<RangeTblEntry*>(lfirst(table))->securityQuals)
            narrow_condition(condition, static_cast<Narrowing*>(narrowing));
    }
    return query_tree_walker(query, walker, narrowing, 0);
}

} // namespace

bool narrow_policies(Query* query) {
    Narrowing narrowing = {find_only_id(), false};
    if (OidIsValid(narrowing.only_id)) narrow_node(reinterpret_cast<Node*>(query), &narrowing);
    return narrowing.is_done;
}

// Plans depend on the functions they call: these are made again as if the function had changed.
void forget_narrowed_plans() {
    CallSyscacheCallbacks(PROCOID, GetSysCacheHashValue1(PROCOID, ObjectIdGetDatum(find_only_id())));
}

AUXEIRA_SQL_FUNCTION(only_id) {
    ArrayType* const list = backend([fcinfo] { return PG_GETARG_ARRAYTYPE_P(0); });
    const int count = backend([list] { return count_of(list); });
    if (count > 1) {
        refuse(ERRCODE_T_R_SERIALIZATION_FAILURE, "rights have changed since the statement was planned",
               "Repeat the transaction.");
    }
    if (count == 0 || ARR_HASNULL(list)) PG_RETURN_NULL();
    auto* const id = backend([] { return static_cast<pg_uuid_t*>(palloc(sizeof(pg_uuid_t))); });
    *id = *reinterpret_cast<pg_uuid_t*>(ARR_DATA_PTR(list));
    PG_RETURN_UUID_P(id);
}

} // namespace auxeira::functions
