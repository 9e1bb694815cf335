// W3C trace context: what is taken from a client, and what goes on to the database.
#include "trace_context.hpp"

#include <gtest/gtest.h>

#include <set>

namespace {

using auxeira::api::parse_traceparent;
using auxeira::api::step_of;
using auxeira::api::TraceContext;

const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
const std::string parent = "00f067aa0ba902b7";
const std::string field = "00-" + trace + '-' + parent + "-01";

std::string with(std::size_t place, char c) {
    std::string text = field;
    text[place] = c;
    return text;
}

TEST(TraceContext, ReadsTheFieldOfTheSpecification) {
    const auto context = parse_traceparent(field);
    ASSERT_TRUE(context);
    EXPECT_EQ(context->trace, trace);
    EXPECT_EQ(context->parent, parent);
    EXPECT_EQ(context->flags, "01");
    EXPECT_EQ(context->text(), field);
}

TEST(TraceContext, RefusesWhatIsMalformed) {
    const std::string no_trace = "00-" + std::string(32, '0') + '-' + parent + "-01";
    const std::string no_parent = "00-" + trace + '-' + std::string(16, '0') + "-01";
    for (const std::string& text : {std::string(),          std::string("00"), field + "-",
                                    field + "-00",          field + "0",       field.substr(1),
                                    field.substr(0, 54),    no_trace,          no_parent,
                                    with(0, 'f') + "x",     with(5, 'A'),      with(5, 'g'),
                                    with(40, ' '),          with(54, 'G'),     with(2, '_'),
                                    with(35, '0'),          with(52, '0'),     "ff" + field.substr(2),
                                    "0x" + field.substr(2), ' ' + field})
        EXPECT_FALSE(parse_traceparent(text)) << text;
}

TEST(TraceContext, RefusesEveryForeignByteInEveryPlace) {
    for (std::size_t place = 0; place < field.size(); ++place)
        for (const char c : {'\0', '\n', '"', '\'', 'X', '\x7F', '\xFF'})
            EXPECT_FALSE(parse_traceparent(with(place, c))) << place;
}

TEST(TraceContext, ReadsWhatItKnowsOfLaterVersions) {
    for (const std::string& text : {"01" + field.substr(2), "cc" + field.substr(2) + "-what-comes-then"}) {
        const auto context = parse_traceparent(text);
        ASSERT_TRUE(context) << text;
        EXPECT_EQ(context->text(), field);
    }
    EXPECT_FALSE(parse_traceparent("01" + field.substr(2) + ".x"));
}

TEST(TraceContext, AStepKeepsTheTraceAndIsAnotherParent) {
    const TraceContext step = step_of(parse_traceparent(field));
    EXPECT_EQ(step.trace, trace);
    EXPECT_EQ(step.flags, "01");
    EXPECT_NE(step.parent, parent);
    EXPECT_TRUE(parse_traceparent(step.text()));
}

TEST(TraceContext, WithoutAClientsTraceEachStepBeginsItsOwn) {
    std::set<std::string> traces;
    for (int i = 0; i < 1000; ++i) { // more than the stock of random bytes holds
        const TraceContext step = step_of(std::nullopt);
        EXPECT_TRUE(parse_traceparent(step.text())) << step.text();
        traces.insert(step.trace);
    }
    EXPECT_EQ(traces.size(), 1000U);
}

} // namespace
