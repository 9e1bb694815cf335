// Which servers libpq would trust without knowing them (OWASP ASVS 5.0, 12.3.1).
#include "connection_string.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

namespace {

using auxeira::api::connection_options;
using auxeira::api::unverified_server;

// libpq's variables for the time of a test; none but these are set.
class ApiConnectionString : public testing::Test {
protected:
    void SetUp() override { clear(); }
    void TearDown() override { clear(); }

    static void clear() {
        for (const char* name : {"PGHOST", "PGHOSTADDR", "PGSSLMODE", "PGSERVICE", "PGSERVICEFILE"})
            ::unsetenv(name);
    }
};

std::string exposed(const std::string& dsn) {
    const auto server = unverified_server(dsn);
    return server ? server->host + ' ' + server->sslmode : "";
}

TEST_F(ApiConnectionString, servers_of_this_machine_need_no_certificate) {
    for (const char* dsn :
         {"", "dbname=x", "host=", "host=/run/postgresql", "host=@abstract", "host=localhost",
          "host=127.0.0.1", "host=127.8.9.10 sslmode=disable", "host=::1", "host=/a,localhost,127.0.0.1,,::1",
          "host=db.example hostaddr=127.0.0.1", "hostaddr=::1", "postgresql://u:p@localhost/x",
          "postgresql://u:p@[::1]:5432/x", "postgresql:///x", "postgresql://%2Frun%2Fpostgresql/x"})
        EXPECT_EQ(exposed(dsn), "") << dsn;
}

TEST_F(ApiConnectionString, others_need_one_that_is_verified) {
    for (const char* mode : {"verify-full", "verify-ca"}) {
        EXPECT_EQ(exposed("host=db.example sslmode=" + std::string(mode)), "");
        EXPECT_EQ(exposed("postgresql://u:p@db.example/x?sslmode=" + std::string(mode)), "");
        EXPECT_EQ(exposed("host=a,b hostaddr=10.0.0.1, sslmode=" + std::string(mode)), "");
    }
    for (const std::string mode : {"disable", "allow", "prefer", "require", "VERIFY-FULL", "verify"})
        EXPECT_EQ(exposed("host=db.example password=hidden sslmode=" + mode), "db.example " + mode);
}

TEST_F(ApiConnectionString, each_server_of_a_list_counts) {
    const std::pair<const char*, const char*> lists[] = {
        {"host=db.example", "db.example prefer"},
        {"postgresql://u:p@db.example:5432/x", "db.example prefer"},
        {"host=/run/postgresql,db.example", "db.example prefer"},
        {"host=localhost,10.0.0.1,other.example sslmode=require", "10.0.0.1 require"},
        {"postgresql://u:p@localhost:1,db.example:2/x", "db.example prefer"},
        {"host=localhost hostaddr=10.0.0.1", "10.0.0.1 prefer"},
        {"host=localhost,db.example hostaddr=127.0.0.1,", "db.example prefer"},
        {"hostaddr=127.0.0.1,10.0.0.1", "10.0.0.1 prefer"},
        {"hostaddr=2001:db8::1", "2001:db8::1 prefer"},
        {"host=127.0.0.1.example", "127.0.0.1.example prefer"},
        {"host=localhost.example", "localhost.example prefer"},
        {"host=0.0.0.0", "0.0.0.0 prefer"},
    };
    for (const auto& [dsn, expected] : lists)
        EXPECT_EQ(exposed(dsn), expected) << dsn;
}

TEST_F(ApiConnectionString, what_the_string_leaves_out_comes_from_the_environment) {
    ::setenv("PGHOST", "db.example", 1);
    EXPECT_EQ(exposed("dbname=x"), "db.example prefer");
    EXPECT_EQ(exposed("host=/run/postgresql"), "");
    EXPECT_EQ(exposed("dbname=x sslmode=verify-full"), "");
    ::setenv("PGSSLMODE", "verify-full", 1);
    EXPECT_EQ(exposed("dbname=x"), "");
    EXPECT_EQ(exposed("sslmode=require"), "db.example require");
    ::setenv("PGSSLMODE", "disable", 1);
    ::setenv("PGHOSTADDR", "127.0.0.1", 1);
    EXPECT_EQ(exposed("dbname=x"), "");
    ::setenv("PGHOSTADDR", "10.0.0.1", 1);
    EXPECT_EQ(exposed("host=localhost"), "10.0.0.1 disable");
}

TEST_F(ApiConnectionString, what_a_service_stands_for_is_not_trusted) {
    EXPECT_EQ(exposed("service=main"), "service main ");
    EXPECT_EQ(exposed("service=main host=localhost"), "service main ");
    EXPECT_EQ(exposed("service=main sslmode=verify-full"), "");
    const std::string file = testing::TempDir() + "api_connection_string_service";
    std::ofstream(file) << "[main]\nhost=db.example\nsslmode=require\n";
    ::setenv("PGSERVICEFILE", file.c_str(), 1);
    ::setenv("PGSERVICE", "main", 1);
    EXPECT_EQ(exposed("dbname=x"), "db.example require");
    std::remove(file.c_str());
}

TEST_F(ApiConnectionString, only_what_libpq_understands_has_options) {
    EXPECT_EQ(connection_options("host = 'a b' user=u")->at("host"), "a b");
    EXPECT_EQ(connection_options("postgresql://u@h/d?sslmode=require")->at("sslmode"), "require");
    for (const char* dsn : {"no dsn", "nothing=1", "host='", "postgresql://[h/"})
        EXPECT_FALSE(connection_options(dsn).has_value()) << dsn;
}

} // namespace
