// GET /api/events: from a request to a stream. A database worker reads what the client has missed, and is
// free then.
#pragma once

#include "database.hpp"
#include "event_reader.hpp"
#include "exchange.hpp"
#include "streams.hpp"
#include "vault.hpp"

namespace auxeira::api {

class EventStreams {
public:
    EventStreams(const Vault& vault, Database& database, Streams& streams, EventReader& reader)
        : vault_(vault), database_(database), streams_(streams), reader_(reader) {}

    std::optional<Response> start(const ExchangePtr& exchange);

private:
    void open(Exchange& exchange, Session& session, Streams::Place place);
    void subscribe(Exchange& exchange, const Reply& reply, Streams::Place place);

    const Vault& vault_;
    Database& database_;
    Streams& streams_;
    EventReader& reader_;
};

} // namespace auxeira::api
