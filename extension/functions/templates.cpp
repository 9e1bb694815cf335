// The SQL functions of templates: what users say of metrics of their own, checked and made into series.
#include "synthesis/template.hpp"

#include "functions/jsonb_document.hpp"
#include "functions/jsonb_reader.hpp"
#include "functions/synthetic_series.hpp"

namespace auxeira::functions {

namespace {

using namespace synthesis;

Value document_argument(FunctionCallInfo fcinfo, int argument) {
    return read_document(jsonb_argument(fcinfo, argument), "$");
}

} // namespace

AUXEIRA_SQL_FUNCTION(synthetic_from_template) {
    if (PG_ARGISNULL(0)) {
        throw Rejection(Reason::missing_field, "invalid parameters for synthetic data",
                        {{"template", "is missing"}});
    }
    const Template made(document_argument(fcinfo, 0));
    Inspector inspector(made);
    return return_series(fcinfo, read_config(fcinfo, made), made.dashboard(), &inspector);
}

AUXEIRA_SQL_FUNCTION(check_template) {
    const std::vector<Fault> faults = Template::faults_in(document_argument(fcinfo, 0));
    Rows rows(fcinfo);
    const bool nulls[2] = {};
    for (const Fault& fault : faults) {
        Datum values[2] = {};
        backend([&values, &fault] {
            values[0] = text_datum(fault.path);
            values[1] = text_datum(fault.message);
        });
        rows.put(values, nulls);
    }
    return PointerGetDatum(nullptr);
}

AUXEIRA_SQL_FUNCTION(synthetic_template) {
    const std::string_view name = text_argument(fcinfo, 0, "");
    const std::optional<UserType> user_type = find_user_type(name);
    if (!user_type) {
        throw Rejection(Reason::invalid_value, "invalid parameters for synthetic data",
                        {{"user_type", quoted(name) + " is not a type of user"}});
    }
    return write_document(describe(dashboard(*user_type)));
}

} // namespace auxeira::functions
