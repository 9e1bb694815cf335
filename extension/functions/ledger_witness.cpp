// The witness: a file outside the database that keeps every signed head, one on a line, so that a database
// that went back to an earlier state is noticed.
#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <string>
#include <unistd.h>

#include "functions/ledger_bytes.hpp"
#include "functions/plans.hpp"
#include "functions/rows.hpp"
#include "functions/settings.hpp"

namespace auxeira::functions {

namespace {

[[noreturn]] void refuse_witness(const char* problem) {
    throw Rejection(Reason::invalid_value, "the witness file of the ledger cannot be used",
                    {{"auxeira.ledger_witness_file", problem}});
}

// Closes itself.
class File {
public:
    explicit File(const char* name)
        : descriptor_(open(name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600)) {
        if (descriptor_ < 0) refuse_witness(strerror(errno));
    }
    ~File() { close(descriptor_); }
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    void add(std::string_view text) {
        while (!text.empty()) {
            const ssize_t written = write(descriptor_, text.data(), text.size());
            if (written < 0) refuse_witness(strerror(errno));
            text.remove_prefix(static_cast<std::size_t>(written));
        }
        if (fsync(descriptor_) != 0) refuse_witness(strerror(errno));
    }

private:
    const int descriptor_;
};

} // namespace

// ledger_witness_add(lines text): nothing when there is no such file in the settings.
AUXEIRA_SQL_FUNCTION(ledger_witness_add) {
    const char* const name = ledger_witness_file();
    if (*name != '\0') File(name).add(text_argument(fcinfo, 0));
    return PointerGetDatum(nullptr);
}

// ledger_witness_lines(latest): those that the last so many bytes of the file have.
AUXEIRA_SQL_FUNCTION(ledger_witness_lines) {
    Rows rows(fcinfo);
    const auto latest = static_cast<std::streamoff>(PG_GETARG_INT64(0));
    std::ifstream stream(ledger_witness_file(), std::ios::binary | std::ios::ate);
    const std::streamoff length = stream ? static_cast<std::streamoff>(stream.tellg()) : 0;
    stream.seekg(std::max<std::streamoff>(length - latest, 0));
    std::string line;
    if (length > latest) std::getline(stream, line);
    for (std::int64_t place = 1; std::getline(stream, line); ++place) {
        honour_interrupts();
        const Datum values[] = {Int64GetDatum(place), bytea_datum(ledger::bytes_of(line))};
        const bool nulls[] = {false, false};
        rows.put(values, nulls);
    }
    return PointerGetDatum(nullptr);
}

} // namespace auxeira::functions
