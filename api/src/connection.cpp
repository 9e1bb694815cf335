#include "connection.hpp"

#include "log.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <utility>

namespace auxeira::api {

namespace {

constexpr std::size_t kept_limit = 64UL * 1024;          // pipelined input behind one request
constexpr std::size_t discard_limit = 4UL * 1024 * 1024; // input after the last answer
constexpr std::size_t body_memory = 512UL * 1024 * 1024; // bodies of all connections together
constexpr std::size_t requests_per_connection = 10'000;  // so that none keeps its thread for ever

// After so long the library may have given up its side of the connection.
constexpr std::chrono::seconds longest_keep_alive{15};

constexpr Refusal overload{503, "overloaded", "The service is busy, please try again"};
constexpr std::string_view continue_line = "HTTP/1.1 100 Continue\r\n\r\n";

} // namespace

// Counts the memory of a request's body, and the exchange from when the request is whole to the last byte of
// its answer: a request that never gets whole must not hold up the end of the service.
class Ticket {
public:
    explicit Ticket(std::shared_ptr<Traffic> traffic) : traffic_(std::move(traffic)) {}
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;
    ~Ticket() {
        traffic_->body_bytes -= counted_;
        if (whole_) --traffic_->in_flight;
    }

    void take_off() {
        whole_ = true;
        ++traffic_->in_flight;
    }

    bool cover(std::size_t body_size) {
        const std::size_t more = body_size - counted_;
        counted_ = body_size;
        return (traffic_->body_bytes += more) <= body_memory;
    }

private:
    const std::shared_ptr<Traffic> traffic_;
    std::size_t counted_ = 0;
    bool whole_ = false;
};

Exchange::~Exchange() {
    if (connection_) ::shutdown(socket_.get(), SHUT_RDWR);
}

void Exchange::answer(Response response) {
    const std::shared_ptr<Connection> connection = std::move(connection_);
    connection_.reset();
    if (connection) connection->finish(*this, response);
}

std::pair<Descriptor, std::string> Exchange::hand_over(Response response) {
    std::string head = connection_->hand_over(*this, response);
    connection_.reset();
    return {std::move(socket_), std::move(head)};
}

Connection::Connection(std::shared_ptr<Traffic> traffic, std::string address)
    : traffic_(std::move(traffic)), address_(std::move(address)) {
    ++traffic_->connections;
}

Connection::~Connection() {
    --traffic_->connections;
}

bool Connection::input(std::string_view data, int socket) noexcept {
    try {
        const Turn turn = take_turn(data, socket);
        if (turn != Turn::taken) return turn == Turn::kept;
        const bool fresh = exchange_ == nullptr;
        Channel channel{socket, {}};
        run(data, channel);
        return fresh;
    } catch (...) {
        log_current_exception("connection failed");
        abandon(socket);
        return false;
    }
}

Connection::Turn Connection::take_turn(std::string_view data, int socket) {
    const std::lock_guard lock(mutex_);
    if (closing_) {
        discard(data.size(), socket);
        return Turn::discarded;
    }
    if (!turn_taken_) {
        turn_taken_ = true;
        return Turn::taken;
    }
    if (kept_.size() + data.size() > kept_limit) {
        closing_ = true;
        ::shutdown(socket, SHUT_RDWR);
        return Turn::discarded;
    }
    kept_.append(data);
    return Turn::kept;
}

// A client may go on sending for a while before it reads the last answer, but not for ever.
void Connection::discard(std::size_t bytes, int socket) {
    discarded_ += bytes;
    if (discarded_ > discard_limit) ::shutdown(socket, SHUT_RDWR);
}

void Connection::run(std::string_view data, Channel& channel) {
    std::string kept;
    while (true) {
        while (!data.empty())
            if (!step(data, channel)) return;
        const std::lock_guard lock(mutex_);
        if (closing_) return;
        if (kept_.empty()) {
            turn_taken_ = false;
            return;
        }
        kept = std::move(kept_);
        kept_.clear();
        data = kept;
    }
}

bool Connection::step(std::string_view& data, Channel& channel) {
    if (!exchange_) {
        exchange_ = std::make_shared<Exchange>(address_);
        parser_ = std::make_unique<RequestParser>(exchange_->request);
    }
    switch (parser_->feed(data)) {
    case RequestParser::Step::more:
        if (!exchange_->ticket_ || exchange_->ticket_->cover(exchange_->request.body.size())) return true;
        return refuse(channel, overload);
    case RequestParser::Step::head:
        return plan_body(data, channel);
    case RequestParser::Step::complete:
        return dispatch(data, channel);
    case RequestParser::Step::refused:
        break;
    }
    return refuse(channel, parser_->refusal());
}

bool Connection::plan_body(std::string_view& data, Channel& channel) {
    Exchange& exchange = *exchange_;
    exchange.ticket_ = std::make_shared<Ticket>(traffic_);
    const Application::BodyPlan plan = traffic_->application.examine(exchange);
    if (!parser_->accept_body(plan.limit, plan.store)) return refuse(channel, parser_->refusal());
    if (!exchange.request.has_body()) return dispatch(data, channel);
    if (!exchange.request.expects_continue) return true;
    if (exchange.early_answer) {
        // The client may now send the body or leave it out; what comes next cannot be told apart.
        exchange.early_answer->close = true;
        const ExchangePtr refused = std::exchange(exchange_, nullptr);
        return deliver(channel, *refused, *refused->early_answer);
    }
    std::string_view line = continue_line;
    std::string_view nothing;
    return send_some(channel.socket, line, nothing) && line.empty() ? true : abandon(channel.socket);
}

bool Connection::dispatch(std::string_view& data, Channel& channel) {
    ++served_;
    exchange_->ticket_->take_off();
    parser_.reset();
    if (auto response = traffic_->application.answer_now(*exchange_)) {
        const ExchangePtr exchange = std::exchange(exchange_, nullptr);
        return deliver(channel, *exchange, *response);
    }
    Descriptor copy = duplicate(channel.socket);
    if (!copy) return refuse(channel, overload);
    const ExchangePtr exchange = std::exchange(exchange_, nullptr);
    exchange->socket_ = std::move(copy);
    exchange->connection_ = shared_from_this();
    {
        // Before another thread can have the turn, which it may at once.
        const std::lock_guard lock(mutex_);
        kept_.insert(0, data);
        data = {};
    }
    auto refused = traffic_->application.start(exchange);
    if (!refused) return false;
    exchange->connection_.reset();
    return deliver(channel, *exchange, *refused);
}

bool Connection::refuse(Channel& channel, const Refusal& refusal) {
    const ExchangePtr exchange = std::exchange(exchange_, nullptr);
    Response response = traffic_->application.refuse(*exchange, refusal);
    response.close = true;
    return deliver(channel, *exchange, response);
}

bool Connection::deliver(Channel& channel, Exchange& exchange, Response& response) {
    traffic_->application.complete(exchange, response);
    const bool keep_alive = exchange.request.keep_alive && !response.close && !traffic_->draining &&
                            served_ < requests_per_connection &&
                            std::chrono::steady_clock::now() - exchange.start < longest_keep_alive;
    const std::string head_text = response_head(response, keep_alive, exchange.extra_headers);
    std::string_view head = head_text;
    std::string_view body = exchange.request.method == "HEAD" ? std::string_view() : response.body;
    traffic_->application.answered(exchange, response);
    if (!send_some(channel.socket, head, body)) return abandon(channel.socket);
    if (head.empty() && body.empty()) return after_answer(channel.socket, keep_alive);
    return deliver_slowly(channel, std::string(head).append(body), keep_alive, exchange);
}

bool Connection::deliver_slowly(const Channel& channel, std::string rest, bool keep_alive,
                                Exchange& exchange) {
    auto done = [self = shared_from_this(), keep_alive, ticket = exchange.ticket_](Descriptor socket) {
        self->sent_slowly(std::move(socket), keep_alive);
    };
    Descriptor copy = duplicate(channel.socket);
    if (!copy || !traffic_->sender.take(std::move(copy), std::move(rest), std::move(done)))
        abandon(channel.socket);
    return false;
}

// The end of a connection is announced, not forced: what the client still sends is read and thrown away
// (input()), so that no reset overtakes the answer; the idle time ends the rest.
bool Connection::after_answer(int socket, bool keep_alive) {
    if (keep_alive) return true;
    const std::lock_guard lock(mutex_);
    closing_ = true;
    kept_ = std::string();
    ::shutdown(socket, SHUT_WR);
    return false;
}

void Connection::sent_slowly(Descriptor socket, bool keep_alive) noexcept {
    const int number = socket.get();
    Channel channel{number, std::move(socket)}; // outlives the handler below, which needs its number
    try {
        if (after_answer(number, keep_alive)) run({}, channel);
    } catch (...) {
        log_current_exception("connection failed");
        abandon(number);
    }
}

void Connection::finish(Exchange& exchange, Response& response) noexcept {
    const int number = exchange.socket_.get();
    Channel channel{number, std::move(exchange.socket_)};
    try {
        if (deliver(channel, exchange, response)) run({}, channel);
    } catch (...) {
        log_current_exception("connection failed");
        abandon(number);
    }
}

// The turn is never given back: what else the client sends is thrown away.
std::string Connection::hand_over(Exchange& exchange, Response& response) {
    traffic_->application.complete(exchange, response);
    std::string head = response_head(response, false, exchange.extra_headers);
    traffic_->application.answered(exchange, response);
    const std::lock_guard lock(mutex_);
    closing_ = true;
    kept_ = std::string();
    return head;
}

bool Connection::abandon(int socket) noexcept {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    kept_.clear();
    ::shutdown(socket, SHUT_RDWR);
    return false;
}

Descriptor Connection::duplicate(int socket) const {
    return Descriptor(::fcntl(socket, F_DUPFD_CLOEXEC, traffic_->first_duplicate));
}

} // namespace auxeira::api
