#include "smtp.hpp"

#include "mail.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include <unistd.h>

namespace auxeira::api {

namespace {

using Handle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
using List = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

constexpr long connect_seconds = 10;
constexpr long transfer_seconds = 60;
constexpr long farewell_seconds = 30; // the wait for the answer to QUIT is outside of the transfer's limit
static_assert(Smtp::patience.count() >= transfer_seconds + farewell_seconds);

// What curl reads the message from.
struct Upload {
    std::string_view left;
    bool begun = false;
};

std::size_t read_upload(char* buffer, std::size_t size, std::size_t count, void* data) {
    auto& upload = *static_cast<Upload*>(data);
    const std::size_t length = std::min(size * count, upload.left.size());
    std::memcpy(buffer, upload.left.data(), length);
    upload.left.remove_prefix(length);
    upload.begun = true;
    return length;
}

// While the name is looked up there is no socket to shut.
int is_stopped(void* data, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<const Lifeline*>(data)->is_cut() ? 1 : 0;
}

curl_socket_t open_socket(void* data, curlsocktype, curl_sockaddr* address) {
    const int socket = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (socket < 0) return CURL_SOCKET_BAD;
    static_cast<Lifeline*>(data)->hold(socket);
    return socket;
}

int close_socket(void* data, curl_socket_t socket) {
    static_cast<Lifeline*>(data)->let_go(socket);
    return ::close(socket);
}

// An answer that did not let the conversation go on.
bool is_refusal(CURLcode code) {
    return code == CURLE_SEND_ERROR || code == CURLE_WEIRD_SERVER_REPLY;
}

// Whether this mail is what the server will never take. It says the same with 5xx when it does not serve us
// at all, at the greeting or the login or for want of one (530): that may get better.
bool is_permanent(CURLcode code, long answer, bool begun) {
    const bool is_greeting = code == CURLE_WEIRD_SERVER_REPLY && !begun;
    return is_refusal(code) && !is_greeting && answer >= 500 && answer < 600 && answer != 530;
}

void set_server(CURL* handle, const SmtpSettings& settings) {
    curl_easy_setopt(handle, CURLOPT_URL, settings.url.c_str());
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(handle, CURLOPT_PROXY, ""); // whatever the environment says
    constexpr long ssl[] = {CURLUSESSL_ALL, CURLUSESSL_TRY, CURLUSESSL_NONE};
    curl_easy_setopt(handle, CURLOPT_USE_SSL, ssl[static_cast<std::size_t>(settings.tls)]);
    curl_easy_setopt(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 2L);
    if (!settings.certificates.empty()) {
        curl_blob blob{const_cast<char*>(settings.certificates.data()), settings.certificates.size(),
                       CURL_BLOB_NOCOPY};
        curl_easy_setopt(handle, CURLOPT_CAINFO_BLOB, &blob);
        curl_easy_setopt(handle, CURLOPT_CAPATH, nullptr); // or the system's would count too
    }
    if (settings.user.empty()) return;
    curl_easy_setopt(handle, CURLOPT_USERNAME, settings.user.c_str());
    curl_easy_setopt(handle, CURLOPT_PASSWORD, settings.password.c_str());
}

void set_limits(CURL* handle, Lifeline& sockets) {
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT, connect_seconds);
    curl_easy_setopt(handle, CURLOPT_TIMEOUT, transfer_seconds);
    curl_easy_setopt(handle, CURLOPT_SERVER_RESPONSE_TIMEOUT, farewell_seconds);
    curl_easy_setopt(handle, CURLOPT_FORBID_REUSE, 1L); // mails are few, and an idle connection gets stale
    curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);   // does not wait for a name server that hangs
    curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, is_stopped);
    curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &sockets);
    curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, &sockets);
    curl_easy_setopt(handle, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
    curl_easy_setopt(handle, CURLOPT_CLOSESOCKETDATA, &sockets);
}

void set_message(CURL* handle, Upload& upload) {
    curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(handle, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(upload.left.size()));
    curl_easy_setopt(handle, CURLOPT_READFUNCTION, read_upload);
    curl_easy_setopt(handle, CURLOPT_READDATA, &upload);
}

// curl's fixed text for the kind of failure: the detailed one could name a recipient.
std::string reason(CURLcode code, long answer) {
    const std::string text = curl_easy_strerror(code);
    const std::string answered = "the server answered " + std::to_string(answer);
    if (answer < 400) return text;
    return is_refusal(code) ? answered : text + ", " + answered;
}

} // namespace

Smtp::Smtp(const SmtpSettings& settings) : settings_(settings) {
    static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (started != CURLE_OK) throw std::runtime_error("libcurl cannot be initialised");
}

void Smtp::send(const std::string& recipient, const std::string& message) {
    const Handle handle(curl_easy_init(), curl_easy_cleanup);
    const List recipients(curl_slist_append(nullptr, recipient.c_str()), curl_slist_free_all);
    if (!handle || !recipients) throw std::bad_alloc();
    Upload upload{message};
    set_server(handle.get(), settings_);
    set_limits(handle.get(), sockets_);
    set_message(handle.get(), upload);
    curl_easy_setopt(handle.get(), CURLOPT_MAIL_FROM, settings_.from.c_str());
    curl_easy_setopt(handle.get(), CURLOPT_MAIL_RCPT, recipients.get());

    const CURLcode code = curl_easy_perform(handle.get());
    if (code == CURLE_OK) return;
    if (stopped()) throw MailError("the service stops", false);
    long answer = 0;
    curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &answer);
    throw MailError(reason(code, answer), is_permanent(code, answer, upload.begun));
}

} // namespace auxeira::api
