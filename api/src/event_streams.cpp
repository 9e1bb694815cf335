#include "event_streams.hpp"

#include "api_request.hpp"
#include "claims.hpp"
#include "outcome.hpp"

#include <algorithm>
#include <ctime>

namespace auxeira::api {

namespace {

// Then the client comes back with what it has seen; its rights are looked at anew.
constexpr std::int64_t longest_stream = 3600; // seconds
constexpr std::string_view first_lines = "retry: 2000\n";

Problem refusal_of(Streams::Refusal refusal) {
    if (refusal == Streams::Refusal::too_many)
        return {.status = 429,
                .code = "too_many_streams",
                .error = "Too many streams are open",
                .retry_after = 30};
    if (refusal == Streams::Refusal::full)
        return {.status = 503,
                .code = "too_many_streams",
                .error = "Too many streams are open",
                .retry_after = 30};
    return overloaded();
}

const std::string& owner_of(const Identity& identity) {
    return identity.key_hash.empty() ? identity.user : identity.key_hash;
}

std::string identity_of(const Identity& identity) {
    return identity.key_hash + '/' + identity.user + '/' + identity.session + '/' +
           std::to_string(identity.version);
}

std::string types_of(const Parameters& parameters) {
    for (const auto& [name, value] : parameters)
        if (name == "types") return value;
    return {};
}

Streams::Clock::time_point end_of(const Exchange& exchange) {
    std::int64_t seconds = longest_stream;
    if (exchange.token_expiry > 0) seconds = std::min(seconds, exchange.token_expiry - std::time(nullptr));
    return Streams::Clock::now() + std::chrono::seconds(std::max<std::int64_t>(seconds, 0));
}

Response stream_response() {
    Response response;
    response.content_type = stream_type;
    response.headers = "X-Accel-Buffering: no\r\n";
    response.is_stream = true;
    return response;
}

} // namespace

std::optional<Response> EventStreams::start(const ExchangePtr& exchange) {
    if (exchange->request.method == "HEAD") return stream_response();
    Streams::Place place;
    const auto refusal = streams_.reserve(owner_of(*exchange->identity), place);
    if (refusal != Streams::Refusal::none)
        return to_response(refusal_of(refusal), exchange->request.path, exchange->id);
    // Tasks are copied, places are not.
    auto held = std::make_shared<Streams::Place>(std::move(place));
    const bool queued = database_.submit([this, exchange, held](Session& session) {
        guarded(*exchange, [&] { open(*exchange, session, std::move(*held)); });
    });
    if (queued) return std::nullopt;
    return to_response(overloaded(), exchange->request.path, exchange->id);
}

// Parameters other than `types` are none: where to go on is said by Last-Event-ID alone.
void EventStreams::open(Exchange& exchange, Session& session, Streams::Place place) {
    Parameters parameters;
    const std::string types = types_of(exchange.match.parameters);
    const std::string_view last = exchange.request.header("last-event-id");
    if (!types.empty()) parameters.emplace_back("types", types);
    if (!last.empty()) parameters.emplace_back("after", std::string(last));
    exchange.match.parameters = std::move(parameters);
    const ApiRequest request = api_request(exchange, vault_);
    if (request.problem) return answer_problem(exchange, *request.problem);
    const std::string claims = claims_json(exchange);
    session.take_time();
    const Reply reply = session.run(Statement::read_events, {claims.c_str(), request.text.c_str()});
    exchange.database_time += session.take_time();
    if (!reply.has_row()) return answer_failure(exchange, reply);
    subscribe(exchange, reply, std::move(place));
}

// The first line with an id is for a client that is cut off before it has seen an event.
void EventStreams::subscribe(Exchange& exchange, const Reply& reply, Streams::Place place) {
    const std::string cursor(reply.text(2));
    Subscription subscription{identity_of(*exchange.identity), std::string(reply.text(4)),
                              claims_json(exchange), types_of(exchange.match.parameters), cursor};
    const auto end = end_of(exchange);
    auto [socket, text] = exchange.hand_over(stream_response());
    text.append(first_lines);
    if (exchange.request.header("last-event-id").empty()) text.append("id: ").append(cursor).append("\n");
    text.append("\n").append(reply.text(1));
    const StreamId id = streams_.open(std::move(socket), std::move(place), text, end);
    reader_.add(id, std::move(subscription));
}

} // namespace auxeira::api
