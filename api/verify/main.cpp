// auxeira-verify: checks evidence of the ledger where there is no database.
#include "documents.hpp"

#include "rejection.hpp"

#include <fstream>
#include <iostream>
#include <iterator>

namespace auxeira::verify {

namespace {

enum Exit { proven = 0, not_proven = 1, not_usable = 2 };

constexpr std::string_view usage = R"(usage: auxeira-verify (--key FILE | --any-key) [DOCUMENT...]

Checks receipts, consistency proofs and signed heads of the ledger: JSON documents, one to a file or one to a line; without
a name, or for -, those on standard input. Heads in several documents must be of one history.

  --key FILE   the public key that must have signed: PEM, 32 bytes, or 64 hexadecimal digits
  --any-key    takes the key that a document brings: that shows that the document is whole, and not whose it is

Exit status: 0 when everything is proven, 1 when something is not, 2 when something cannot be read.
)";

struct Arguments {
    std::optional<ledger::PublicKey> trusted;
    bool any_key = false;
    bool help = false;
    std::vector<std::string> documents;
};

std::string content_of(const std::string& name) {
    std::ifstream file;
    if (name != "-") {
        file.open(name, std::ios::binary);
        if (!file) throw Unreadable(name + ": it cannot be opened");
    }
    std::istream& stream = name == "-" ? std::cin : file;
    std::string content(std::istreambuf_iterator<char>(stream), {});
    if (stream.bad()) throw Unreadable(name + ": it cannot be read");
    return content;
}

ledger::PublicKey key_of(const std::string& name) {
    try {
        return ledger::read_public_key(content_of(name));
    } catch (const Rejection& rejection) {
        throw Unreadable(name + ": " + rejection.message());
    }
}

Arguments arguments_of(const std::vector<std::string>& words) {
    Arguments arguments;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i] == "--key" && i + 1 < words.size())
            arguments.trusted = key_of(words[++i]);
        else if (words[i] == "--any-key")
            arguments.any_key = true;
        else if (words[i] == "--help")
            arguments.help = true;
        else if (words[i].starts_with("--"))
            throw Unreadable(words[i] + ": no such option, or its value is missing; --help lists them");
        else
            arguments.documents.push_back(words[i]);
    }
    if (!arguments.help && arguments.any_key == arguments.trusted.has_value())
        throw Unreadable("either --key FILE or --any-key must be given; --help tells more");
    if (arguments.documents.empty()) arguments.documents.emplace_back("-");
    return arguments;
}

std::vector<Verdict> verdicts_of_file(const std::string& name, const Arguments& arguments) {
    try {
        return verdicts_of(content_of(name), arguments.trusted);
    } catch (const Unreadable& unreadable) {
        throw Unreadable(name + ": " + unreadable.what());
    }
}

bool tell(const std::string& name, const Verdict& verdict) {
    std::cout << name << ": "
              << (verdict.fault ? "NOT PROVEN: " + *verdict.fault : "proven: " + verdict.summary) << '\n';
    return !verdict.fault;
}

Exit check(const Arguments& arguments) {
    bool good = true;
    std::vector<Verdict> all;
    for (const std::string& name : arguments.documents) {
        for (Verdict& verdict : verdicts_of_file(name, arguments)) {
            good = tell(name, verdict) && good;
            all.push_back(std::move(verdict));
        }
    }
    if (const auto fault = fault_among(all)) good = tell("together", {{}, fault, {}}) && good;
    return good ? proven : not_proven;
}

Exit run(const std::vector<std::string>& words) {
    const Arguments arguments = arguments_of(words);
    if (!arguments.help) return check(arguments);
    std::cout << usage;
    return proven;
}

} // namespace

} // namespace auxeira::verify

int main(int count, char** words) {
    try {
        return auxeira::verify::run({words + 1, words + count});
    } catch (const std::exception& error) {
        std::cout.flush();
        std::cerr << "auxeira-verify: " << error.what() << '\n';
        return auxeira::verify::not_usable;
    }
}
