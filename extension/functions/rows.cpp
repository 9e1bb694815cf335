#include "functions/rows.hpp"

extern "C" {
#include "utils/tuplestore.h"
}

namespace auxeira::functions {

Rows::Rows(FunctionCallInfo fcinfo) : info_(reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo)) {
    backend([fcinfo] { InitMaterializedSRF(fcinfo, 0); });
}

void Rows::put(const Datum* values, const bool* nulls) {
    backend([=, this] {
        tuplestore_putvalues(info_->setResult, info_->setDesc, const_cast<Datum*>(values),
                             const_cast<bool*>(nulls));
    });
}

} // namespace auxeira::functions
