// Of Pistache 0.0.5 only accept, poll and idle timeouts are used. Its parser loops for ever on a chunk that
// is split over two segments, its writer can send an answer to another client, its streams abort the
// process, its router overflows the stack on long paths. So onInput, onConnection and onDisconnection are
// overridden, and no ResponseWriter is ever made.
#include "server.hpp"

#include "client_address.hpp"
#include "log.hpp"

#include <pistache/endpoint.h>
#include <pistache/peer.h>

#include <sys/resource.h>
#include <sys/socket.h>

#include <stdexcept>
#include <thread>

namespace auxeira::api {

namespace {

using PeerPtr = std::shared_ptr<Pistache::Tcp::Peer>;

constexpr int io_threads = 2;
constexpr int backlog = 4096;
constexpr std::chrono::seconds idle_limit{20}; // also the time that a request may take to arrive
constexpr const char* connection_key = "connection";

constexpr std::string_view full_answer = "HTTP/1.1 503 Service Unavailable\r\n"
                                         "Retry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

// Cloned for each IO thread, hence the shared state.
class Handler : public Pistache::Http::Handler {
    HTTP_PROTOTYPE(Handler)

    Handler(std::shared_ptr<Traffic> traffic, std::size_t max_connections)
        : traffic_(std::move(traffic)), max_connections_(max_connections) {}

    void onRequest(const Pistache::Http::Request&, Pistache::Http::ResponseWriter) override {}

    void onConnection(const PeerPtr& peer) override {
        try {
            ++traffic_->accepted;
            // The idle timer reads the parser's time; an idle peer is closed without Pistache's 408.
            peer->putData(ParserData, std::make_shared<Pistache::Http::RequestParser>(0));
            peer->setIdle(true);
            if (traffic_->connections >= max_connections_) {
                ++traffic_->turned_away;
                return turn_away(peer->fd());
            }
            peer->putData(connection_key,
                          std::make_shared<Connection>(traffic_, usual_address(peer->address().host())));
        } catch (...) {
            log_current_exception("connection not accepted");
        }
    }

    void onInput(const char* data, std::size_t length, const PeerPtr& peer) override {
        try {
            const auto connection = std::static_pointer_cast<Connection>(peer->tryGetData(connection_key));
            if (!connection) return;
            if (connection->input({data, length}, peer->fd())) getParser(peer)->reset();
        } catch (...) {
            log_current_exception("input not read");
        }
    }

    // Nothing to do: the connection goes with its peer, or with the last thread that has an exchange.
    void onDisconnection(const PeerPtr&) override {}

private:
    static void turn_away(int socket) {
        std::string_view answer = full_answer;
        std::string_view nothing;
        send_some(socket, answer, nothing);
        ::shutdown(socket, SHUT_RDWR);
    }

    std::shared_ptr<Traffic> traffic_;
    std::size_t max_connections_;
};

// Numbers up to here cost the kernel a table of 8 MB; containers may allow a billion.
constexpr rlim_t most_descriptors = 1 << 20;

std::size_t raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
    const rlimit all{limit.rlim_max, limit.rlim_max};
    if (::setrlimit(RLIMIT_NOFILE, &all) == 0) limit = all;
    return std::min<rlim_t>(limit.rlim_cur, most_descriptors);
}

// Pistache does not tell its listening descriptor, and there may be others, left by whoever started us.
int find_listening_descriptor(std::size_t limit, std::uint16_t port) {
    for (int fd = 0; fd < static_cast<int>(limit); ++fd) {
        int listening = 0;
        socklen_t size = sizeof listening;
        if (::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 && listening != 0 &&
            port_of(fd) == port)
            return fd;
    }
    throw std::runtime_error("listening socket not found");
}

} // namespace

struct Server::Endpoint : Pistache::Http::Endpoint {
    using Pistache::Http::Endpoint::Endpoint;
};

// A quarter of the descriptors is for duplicates, a few for files and the database.
Server::Server(Application& application, Sender& sender, std::size_t max_connections) {
    const std::size_t limit = raise_descriptor_limit();
    const std::size_t duplicates_from = limit - limit / 4;
    const std::size_t room = duplicates_from > 256 ? duplicates_from - 128 : duplicates_from / 2;
    max_connections_ = std::min(max_connections, room);
    if (max_connections_ < max_connections)
        log_line(Level::warn, "fewer connections than configured: too few file descriptors",
                 JsonObject().number("connections", static_cast<std::int64_t>(max_connections_)));
    traffic_ = std::make_shared<Traffic>(application, sender, static_cast<int>(duplicates_from));
    doorbell_ = std::make_unique<Doorbell>(traffic_->accepted);
}

Server::~Server() = default;

std::uint16_t Server::listen(const std::string& address, std::uint16_t port) {
    using Pistache::Tcp::Options;
    std::optional<SocketAddress> place = socket_address(address, port);
    if (!place) throw std::invalid_argument("not an IP address: " + address);
    endpoint_ =
        std::make_unique<Endpoint>(Pistache::Address(Pistache::IP(place->get()), Pistache::Port(port)));
    auto options = Pistache::Http::Endpoint::options()
                       .threads(io_threads)
                       .threadsName("io")
                       .flags(Options::ReuseAddr | Options::NoDelay | Options::CloseOnExec)
                       .keepaliveTimeout(idle_limit);
    endpoint_->init(options);
    endpoint_->setHandler(std::make_shared<Handler>(traffic_, max_connections_));
    try {
        endpoint_->serveThreaded();
    } catch (const std::exception& error) {
        throw std::runtime_error("cannot listen on " + address + " port " + std::to_string(port) + ": " +
                                 error.what());
    }
    const std::uint16_t bound = endpoint_->getPort();
    listening_ = find_listening_descriptor(static_cast<std::size_t>(traffic_->first_duplicate), bound);
    ::listen(listening_, backlog); // the library's own option for this has no effect
    doorbell_->start(*socket_address(address, bound));
    return bound;
}

// The listening socket is replaced under the library's accept loop. The stand-in is a socket too: accept()
// on anything else would be an error that the loop does not survive.
bool Server::drain(std::chrono::milliseconds limit) {
    retire();
    doorbell_->stop();
    const Descriptor stand_in(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ::dup2(stand_in.get(), listening_);
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (traffic_->in_flight > 0 && std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return traffic_->in_flight == 0;
}

void Server::stop() {
    if (endpoint_) endpoint_->shutdown();
    endpoint_.reset(); // joins the library's threads
}

} // namespace auxeira::api
