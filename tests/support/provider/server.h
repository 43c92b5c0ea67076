#pragma once

#include <string>

#include "support/provider/provider.h"

namespace httplib {
class Server;
}

namespace prepay::provider {

/// Puts the provider's calls onto a server (README.md lists them).
void serve(httplib::Server& server, Provider& provider);

}  // namespace prepay::provider
