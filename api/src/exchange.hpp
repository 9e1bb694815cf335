// One request with all that is known about it, until it has been answered.
#pragma once

#include "conditions.hpp"
#include "descriptor.hpp"
#include "request.hpp"
#include "response.hpp"
#include "routes.hpp"
#include "token.hpp"
#include "trace_context.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace auxeira::api {

class Connection;
class Ticket;

// What is left of the limits that a request was counted for (see RateLimits).
struct RateState {
    unsigned policies = 0; // a bit for each
    std::size_t tightest = 0;
    double share = 2; // of that one's quota
    std::uint32_t remaining = 0;
    std::uint32_t full_in = 0; // seconds
};

// Belongs to one thread at a time; a thread that has handed it on does not touch it again.
class Exchange {
public:
    explicit Exchange(std::string peer_address) : address(std::move(peer_address)) {}
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;
    ~Exchange();

    // From the thread to which the exchange was handed, once. When this never happens the connection is
    // closed, so that the client does not wait for ever.
    void answer(Response response);

    // Likewise, in place of an answer that ends: the socket from now on, and the head to send to it first.
    // The connection takes no more requests.
    std::pair<Descriptor, std::string> hand_over(Response response);

    Request request;
    RouteMatch match;
    std::optional<Response> early_answer; // known before the body was read
    std::optional<Identity> identity;
    Conditions conditions;
    std::int64_t token_expiry = 0; // of its access token
    std::string id;
    bool wants_csv = false;
    TraceContext trace;
    RateState rate;
    std::chrono::nanoseconds database_time{0};
    std::string extra_headers; // of the answer
    std::string address;       // of the client; until examine() that of the peer
    const std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();

private:
    friend class Connection;

    std::shared_ptr<Ticket> ticket_;
    std::shared_ptr<Connection> connection_; // set while another thread has the exchange,
    Descriptor socket_;                      // with a duplicate of the connection's socket
};

using ExchangePtr = std::shared_ptr<Exchange>;

// What stands behind the connections. Every call may come from any thread and must not block.
class Application {
public:
    virtual ~Application() = default;

    struct BodyPlan {
        std::size_t limit = 0;
        bool store = true; // or read it and throw it away
    };

    // The head is complete: finds the route, decides about the body, may set `early_answer`.
    virtual BodyPlan examine(Exchange& exchange) = 0;
    // The request is complete: an answer if one can be given at once.
    virtual std::optional<Response> answer_now(Exchange& exchange) = 0;
    // Otherwise: hands the exchange to another thread, or answers that this is impossible.
    virtual std::optional<Response> start(const ExchangePtr& exchange) = 0;
    // The request cannot be read to its end.
    virtual Response refuse(Exchange& exchange, const Refusal& refusal) = 0;
    // The answer is about to be sent: what depends on the request alone is added to it.
    virtual void complete(const Exchange& exchange, Response& response) = 0;
    // For the access log.
    virtual void answered(const Exchange& exchange, const Response& response) = 0;
};

} // namespace auxeira::api
