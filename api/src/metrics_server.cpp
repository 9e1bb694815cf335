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
#include <chrono>
#include <stdexcept>

namespace auxeira::api {

namespace {

using Clock = std::chrono::steady_clock;

// One after the other: a client that stalls keeps the next one waiting no longer than this.
constexpr std::chrono::milliseconds patience{1000};
constexpr int backlog = 16;
constexpr std::string_view path = "/metrics";

bool wait_for(int socket, short events, Clock::time_point deadline) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd polled{socket, events, 0};
    return left > 0 && ::poll(&polled, 1, static_cast<int>(left)) > 0;
}

// False when no whole head came in time.
bool read_head(int socket, RequestParser& parser, Clock::time_point deadline) {
    std::array<char, 4096> bytes{};
    auto step = RequestParser::Step::more;
    while (step == RequestParser::Step::more && wait_for(socket, POLLIN, deadline)) {
        const ssize_t length = ::recv(socket, bytes.data(), bytes.size(), 0);
        if (length <= 0) return false;
        std::string_view input(bytes.data(), static_cast<std::size_t>(length));
        step = parser.feed(input);
    }
    return step == RequestParser::Step::head;
}

void send_all(int socket, std::string_view head, std::string_view body, Clock::time_point deadline) {
    while (send_some(socket, head, body) && !(head.empty() && body.empty()))
        if (!wait_for(socket, POLLOUT, deadline)) return;
    ::shutdown(socket, SHUT_WR);
}

Response plain(int status, std::string body) {
    return {.status = status, .body = std::move(body), .content_type = "text/plain; charset=utf-8"};
}

} // namespace

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
    std::array<pollfd, 2> polled = {{{listening_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}}};
    while (::poll(polled.data(), polled.size(), -1) >= 0 && polled[1].revents == 0) {
        const Descriptor client(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (client)
            serve(client.get());
        else // without descriptors accept() would be tried in a circle
            ::poll(&polled[1], 1, static_cast<int>(patience.count()));
    }
}

void MetricsServer::serve(int client) const {
    try {
        const Clock::time_point deadline = Clock::now() + patience;
        Request request;
        RequestParser parser(request);
        if (!read_head(client, parser, deadline)) return;
        Response response = plain(200, "");
        if (request.path != path) {
            response = plain(404, "There is nothing here\n");
        } else if (request.method != "GET" && request.method != "HEAD") {
            response = plain(405, "This method is not allowed here\n");
            response.headers = "Allow: GET, HEAD\r\n";
        } else {
            response.body = page_();
            response.content_type = exposition_type;
        }
        const std::string head = response_head(response, false, "");
        send_all(client, head, request.method == "HEAD" ? "" : response.body, deadline);
    } catch (...) {
        log_current_exception("metrics not given");
    }
}

} // namespace auxeira::api
