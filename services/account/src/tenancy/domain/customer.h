#pragma once

#include <string>

namespace prepay::account {

/// A person or company as the desk writes it down.
struct NewCustomer {
    std::string display_name;
    std::string phone;  ///< Empty = none.
    std::string email;  ///< Empty = none.
};

/// What is wrong with a new customer's data; empty = nothing. A name of 1 .. 200 bytes; a phone of
/// at most 40 that can be dialled; an e-mail of at most 200 that may stand in the header of a mail.
std::string problem_of(const NewCustomer& customer);

}  // namespace prepay::account
