#include "metrics_server.hpp"

#include "exposition.hpp"
#include "log.hpp"
#include "request.hpp"
#include "response.hpp"
#include "sender.hpp"
#include "socket_address.hpp"

#include <poll.h>
#include <sys/eventfd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace auxeira::api {

namespace {

using Clock = std::chrono::steady_clock;

// What a client may take for its request and our answer. One more than so many, and the one that came first
// goes: who holds connections open keeps nobody from the metrics.
constexpr std::chrono::seconds patience{1};
constexpr int tick_ms = 100;
constexpr std::size_t most_clients = 32;
constexpr int backlog = 128;
constexpr std::string_view path = "/metrics";

Response plain(int status, std::string body) {
    return {.status = status, .body = std::move(body), .content_type = "text/plain; charset=utf-8"};
}

Response answer_to(const Request& request, const MetricsServer::Page& page) {
    if (request.path != path) return plain(404, "There is nothing here\n");
    if (request.method != "GET" && request.method != "HEAD") {
        Response refused = plain(405, "This method is not allowed here\n");
        refused.headers = "Allow: GET, HEAD\r\n";
        return refused;
    }
    Response metrics = plain(200, page());
    metrics.content_type = exposition_type;
    return metrics;
}

} // namespace

// One request, one answer, the end.
class MetricsServer::Client {
public:
    explicit Client(Descriptor socket) : socket_(std::move(socket)) {}
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    pollfd awaited() const { return {socket_.get(), static_cast<short>(is_heard_ ? POLLOUT : POLLIN), 0}; }
    Clock::time_point deadline() const { return deadline_; }

    // As far as it goes without waiting. False at the end.
    bool advance(const Page& page) {
        if (!is_heard_ && !hear(page)) return false;
        std::string_view nothing;
        const bool goes_on = send_some(socket_.get(), rest_, nothing) && !(is_heard_ && rest_.empty());
        if (!goes_on) ::shutdown(socket_.get(), SHUT_WR);
        return goes_on;
    }

private:
    bool hear(const Page& page) {
        std::array<char, 4096> bytes{};
        const ssize_t length = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
        if (length <= 0) return length < 0 && (errno == EAGAIN || errno == EINTR);
        std::string_view input(bytes.data(), static_cast<std::size_t>(length));
        const RequestParser::Step step = parser_.feed(input);
        if (step == RequestParser::Step::head) answer(answer_to(request_, page));
        return is_heard_ || step == RequestParser::Step::more;
    }

    void answer(const Response& response) {
        text_ = response_head(response, false, "");
        if (request_.method != "HEAD") text_ += response.body;
        rest_ = text_;
        is_heard_ = true;
    }

    const Descriptor socket_;
    const Clock::time_point deadline_ = Clock::now() + patience;
    Request request_;
    RequestParser parser_{request_};
    bool is_heard_ = false;
    std::string text_;
    std::string_view rest_;
};

MetricsServer::MetricsServer(Page page) : page_(std::move(page)) {}

MetricsServer::~MetricsServer() {
    stop();
}

std::uint16_t MetricsServer::listen(const std::string& address, std::uint16_t port) {
    std::optional<SocketAddress> place = socket_address(address, port);
    if (!place) throw std::invalid_argument("not an IP address: " + address);
    listening_ =
        Descriptor(::socket(place->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    wake_ = Descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    const int on = 1;
    ::setsockopt(listening_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (!wake_ || ::bind(listening_.get(), place->get(), place->size) != 0 ||
        ::listen(listening_.get(), backlog) != 0)
        throw std::runtime_error("cannot listen for metrics on " + address + " port " + std::to_string(port));
    thread_ = std::thread([this] { run(); });
    return port_of(listening_.get());
}

void MetricsServer::stop() {
    if (!thread_.joinable()) return;
    eventfd_write(wake_.get(), 1);
    thread_.join();
}

void MetricsServer::run() {
    while (true) {
        std::vector<pollfd> polled = {{wake_.get(), POLLIN, 0}, {listening_.get(), POLLIN, 0}};
        for (const Client& client : clients_)
            polled.push_back(client.awaited());
        if (::poll(polled.data(), polled.size(), clients_.empty() ? -1 : tick_ms) < 0 && errno != EINTR)
            return;
        if (polled[0].revents != 0) return;
        advance_all();
        if (polled[1].revents != 0) welcome();
    }
}

void MetricsServer::advance_all() {
    const Clock::time_point now = Clock::now();
    clients_.remove_if([&](Client& client) {
        try {
            return now >= client.deadline() || !client.advance(page_);
        } catch (...) {
            log_current_exception("metrics not given");
            return true;
        }
    });
}

void MetricsServer::welcome() {
    Descriptor client(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (client) {
        if (clients_.size() == most_clients) clients_.pop_front();
        clients_.emplace_back(std::move(client));
    } else if (errno != EAGAIN && errno != ECONNABORTED) { // it would be tried in a circle
        pollfd wake{wake_.get(), POLLIN, 0};
        ::poll(&wake, 1, tick_ms);
    }
}

} // namespace auxeira::api
