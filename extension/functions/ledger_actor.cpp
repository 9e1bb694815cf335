#include "functions/ledger_actor.hpp"

#include <cstdlib>
#include <iterator>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "functions/plans.hpp"
#include "functions/settings.hpp"
#include "tenancy/organization_ids.hpp"

extern "C" {
#include "access/xact.h"
#include "catalog/pg_type.h"
}

namespace auxeira::functions {

namespace {

// Actors this connection has met. What a transaction that failed, or was prepared, added is not there: all
// are forgotten then.
using Actors = std::unordered_map<std::string, Actor>;
constexpr std::size_t most_actors = 10'000;
Actors& actors() {
    static Actors met;
    return met;
}

// The last one, while nothing that tells actors apart has changed.
struct Latest {
    unsigned long assignments;
    Oid role;
    Oid login;
    std::string address;
    const Actor* actor;
};
std::optional<Latest> latest;

void forget_actors() {
    latest.reset();
    actors().clear();
}

void end_transaction(XactEvent event, void*) {
    if (event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE) forget_actors();
}

void end_subtransaction(SubXactEvent event, SubTransactionId, SubTransactionId, void*) {
    if (event == SUBXACT_EVENT_ABORT_SUB) forget_actors();
}

void watch_transactions() {
    static bool watching = false;
    if (watching) return;
    backend([] {
        RegisterXactCallback(end_transaction, nullptr);
        RegisterSubXactCallback(end_subtransaction, nullptr);
    });
    watching = true;
}

// The columns of auxeira.ledger_actors as texts; empty for NULL.
struct Row {
    std::string values[6];
};

Row row_now(const std::string& address) {
    const auto name = [](Oid role) { return backend([role] { return GetUserNameFromId(role, false); }); };
    return {{setting_text(Part::org_id), setting_text(Part::user_id), setting_text(Part::session_id),
             name(GetUserId()), name(GetSessionUserId()), address}};
}

std::string key_of(const Row& row) {
    std::string key;
    for (const std::string& value : row.values)
        (key += value) += '\0';
    return key;
}

// What leaves say is what the row says.
Actor read_actor() {
    Actor actor{};
    actor.organization = tenancy::parse_uuid(column_text(1));
    actor.user = tenancy::parse_uuid(column_text(2));
    actor.session = tenancy::parse_uuid(column_text(3));
    actor.role = column_text(4);
    actor.login = column_text(5);
    actor.address = column_text(6);
    actor.id = std::strtoll(column_text(7), nullptr, 10);
    return actor;
}

Actor add_row(const Row& row) {
    constexpr int columns = static_cast<int>(std::size(Row{}.values));
    static SPIPlanPtr plan = nullptr;
    backend([] { SPI_connect(); });
    AsOwner owner;
    if (plan == nullptr) {
        Oid types[columns] = {TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID};
        plan = prepare_kept(
            "insert into auxeira.ledger_actors (org_id, user_id, session_id, role, login, address) values "
            "(nullif($1, '')::uuid, nullif($2, '')::uuid, nullif($3, '')::uuid, $4, $5, "
            "coalesce(auxeira.client_address(jsonb_build_object('address', $6)), inet_client_addr())) "
            "returning org_id, user_id, session_id, role, login, host(address), actor_id",
            columns, types);
    }
    Datum values[columns];
    for (int column = 0; column < columns; ++column)
        values[column] = text_datum(row.values[column]);
    fetch_row(plan, values, false);
    const Actor actor = read_actor();
    owner.leave();
    backend([] { SPI_finish(); });
    return actor;
}

const Actor& actor_of(const Row& row) {
    const std::string key = key_of(row);
    if (const auto known = actors().find(key); known != actors().end()) return known->second;
    if (actors().size() >= most_actors) forget_actors();
    return actors().emplace(key, add_row(row)).first->second;
}

std::optional<std::string_view> text_or_none(const std::string& text) {
    return text.empty() ? std::nullopt : std::optional<std::string_view>(text);
}

} // namespace

void put_actor(ledger::Metadata& metadata, const Actor& actor) {
    metadata.organization = actor.organization;
    metadata.user = actor.user;
    metadata.session = actor.session;
    metadata.role = text_or_none(actor.role);
    metadata.login = text_or_none(actor.login);
    metadata.address = text_or_none(actor.address);
}

const Actor& current_actor() {
    watch_transactions();
    const std::string address = setting_text(Part::client_address);
    const unsigned long assignments = identity_assignments();
    if (!latest || latest->assignments != assignments || latest->role != GetUserId() ||
        latest->login != GetSessionUserId() || latest->address != address) {
        const Actor& actor = actor_of(row_now(address));
        latest = Latest{identity_assignments(), GetUserId(), GetSessionUserId(), address, &actor};
    }
    return *latest->actor;
}

} // namespace auxeira::functions
