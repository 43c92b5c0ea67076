#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace prepay::console {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

/// The head of a request, checked. Names of headers are in lower case.
struct HttpRequest {
    std::string method;
    std::string path;                           ///< Decoded, without the query.
    std::map<std::string, std::string> params;  ///< Of the query, decoded.
    HttpHeaders headers;
    std::string client_address;  ///< Who sent it, through whatever trusted proxies.

    /// Several lines of a name are one list (RFC 9110 5.3); "" when there is none.
    [[nodiscard]] std::string header(std::string_view name) const;
    [[nodiscard]] bool has_header(std::string_view name) const;
};

/// A whole answer. Length, connection and the headers of every answer are added by the connection.
struct HttpAnswer {
    int status = 200;
    HttpHeaders headers;
    std::string body;
    std::shared_ptr<const std::string> file;  ///< Instead of `body`.
};

/// Printable ASCII only.
bool is_printable(std::string_view text);

}  // namespace prepay::console
