#pragma once

#include <memory>
#include <string>

#include "rpc/client.h"

namespace prepay::test {

/// The console's real public HTTP side before an account service of the caller's. Its headers stay
/// inside: they are called as those of other services are.
class Edge {
public:
    Edge(const rpc::Client& account, const std::string& public_key_pem);
    ~Edge();
    Edge(const Edge&) = delete;
    Edge& operator=(const Edge&) = delete;

    [[nodiscard]] int port() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace prepay::test
