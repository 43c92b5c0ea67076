#pragma once

#include <pqxx/pqxx>
#include <vector>

#include "charges/domain/charge.h"

namespace prepay::billing {

/// Gives the charges their ids and writes them, one statement for all.
void insert_charges(pqxx::work& tx, std::vector<Charge>& charges);

}  // namespace prepay::billing
