#include "functions/policy_plans.hpp"

#include "functions/settings.hpp"

extern "C" {
#include "catalog/namespace.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "utils/inval.h"
#include "utils/syscache.h"
}

namespace auxeira::functions {

namespace {

// Invalid where the extension's SQL objects are of a version before it.
Oid find_only_org_id() {
    Oid types[] = {TEXTOID};
    return GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum("only_org_id"),
                           PointerGetDatum(buildoidvector(types, 1)),
                           ObjectIdGetDatum(get_namespace_oid("auxeira", true)));
}

// The text of a constant; null for any other expression.
const char* constant_text(Node* node) {
    if (!IsA(node, Const)) return nullptr;
    const auto* const constant = castNode(Const, node);
    if (constant->consttype != TEXTOID || constant->constisnull) return nullptr;
    return TextDatumGetCString(constant->constvalue);
}

// The list of organizations that an expression reads; null for any other expression.
const char* list_read_in(Node* node) {
    if (!IsA(node, FuncExpr)) return nullptr;
    const auto* const call = castNode(FuncExpr, node);
    auto* const argument = call->args != NIL ? static_cast<Node*>(linitial(call->args)) : nullptr;
    FmgrInfo function;
    fmgr_info(call->funcid, &function);
    return list_read_by(function.fn_addr, argument != nullptr ? constant_text(argument) : nullptr);
}

// `column = any (list)` as `column = only_org_id('list')`; null when it is not that, or the list not of one.
Expr* narrowed(ScalarArrayOpExpr* comparison) {
    const char* const list =
        comparison->useOr ? list_read_in(static_cast<Node*>(lsecond(comparison->args))) : nullptr;
    const Oid function = list != nullptr && has_only_one(list) ? find_only_org_id() : InvalidOid;
    if (!OidIsValid(function)) return nullptr;
    auto* const name =
        makeConst(TEXTOID, -1, DEFAULT_COLLATION_OID, -1, CStringGetTextDatum(list), false, false);
    auto* const id = makeFuncExpr(function, UUIDOID, list_make1(name), InvalidOid, DEFAULT_COLLATION_OID,
                                  COERCE_EXPLICIT_CALL);
    return make_opclause(comparison->opno, BOOLOID, false, static_cast<Expr*>(linitial(comparison->args)),
                         reinterpret_cast<Expr*>(id), InvalidOid, comparison->inputcollid);
}

// Only what must be true for a row to be seen: when the list has become empty since, the equality is not
// false, but NULL.
void narrow_condition(ListCell* place, bool* is_done) {
    auto* const node = static_cast<Node*>(lfirst(place));
    if (is_andclause(node) || is_orclause(node)) {
        ListCell* part;
        foreach (part, castNode(BoolExpr, node)->args)
            narrow_condition(part, is_done);
    }
    Expr* const equality =
        IsA(node, ScalarArrayOpExpr) ? narrowed(castNode(ScalarArrayOpExpr, node)) : nullptr;
    if (equality == nullptr) return;
    lfirst(place) = equality;
    *is_done = true;
}

bool narrow_node(Node* node, void* is_done) {
    // PostgreSQL 15 declares walkers without their parameters.
    const auto walker = reinterpret_cast<bool (*)()>(reinterpret_cast<void (*)()>(narrow_node));
    if (node == nullptr) return false;
    if (!IsA(node, Query)) return expression_tree_walker(node, walker, is_done);
    auto* const query = castNode(Query, node);
    ListCell* table;
    foreach (table, query->rtable) {
        ListCell* condition;
        foreach (condition, static_cast<RangeTblEntry*>(lfirst(table))->securityQuals)
            narrow_condition(condition, static_cast<bool*>(is_done));
    }
    return query_tree_walker(query, walker, is_done, 0);
}

} // namespace

bool narrow_policies(Query* query) {
    bool is_done = false;
    narrow_node(reinterpret_cast<Node*>(query), &is_done);
    return is_done;
}

// Plans depend on the functions they call: these are made again as if the function had changed.
void forget_narrowed_plans() {
    CallSyscacheCallbacks(PROCOID, GetSysCacheHashValue1(PROCOID, ObjectIdGetDatum(find_only_org_id())));
}

} // namespace auxeira::functions
