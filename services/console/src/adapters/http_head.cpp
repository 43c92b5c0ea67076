#include "adapters/http_head.h"

#include <algorithm>
#include <array>
#include <optional>

namespace prepay::console {
namespace {

Status bad_path() {
    return invalid_argument("BAD_PATH", "the path has characters that no path has");
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_token(std::string_view text) {
    constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
        return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') ||
               kMarks.find(c) != std::string_view::npos;
    });
}

std::string_view trimmed(std::string_view text) {
    const auto begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) {
        return {};
    }
    return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::optional<char> unhex(char c) {
    const char small = lower(c);
    if (is_digit(small)) {
        return static_cast<char>(small - '0');
    }
    return small >= 'a' && small <= 'f' ? std::optional<char>(static_cast<char>(small - 'a' + 10))
                                        : std::nullopt;
}

std::optional<std::string> decoded(std::string_view text, bool plus_is_space) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            plain += plus_is_space && text[i] == '+' ? ' ' : text[i];
            continue;
        }
        const auto high = i + 2 < text.size() ? unhex(text[i + 1]) : std::nullopt;
        const auto low = i + 2 < text.size() ? unhex(text[i + 2]) : std::nullopt;
        if (!high || !low) {
            return std::nullopt;
        }
        plain += static_cast<char>(*high * 16 + *low);
        i += 2;
    }
    return plain;
}

// "host[:port]" of an absolute target; nothing for any other form.
std::optional<std::string_view> authority_of(std::string_view target) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (same_text(target.substr(0, scheme.size()), scheme)) {
            const std::string_view rest = target.substr(scheme.size());
            return rest.substr(0, rest.find_first_of("/?"));
        }
    }
    return std::nullopt;
}

bool is_host(std::string_view value) {
    return !value.empty() && value.find_first_of(" \t/\\@?#,\"<>") == std::string_view::npos;
}

struct Fields {
    int hosts = 0;
    std::string_view host;
    int lengths = 0;
    std::string_view length;
    int codings = 0;
    std::string_view coding;
    int expectations = 0;
    std::string_view expectation;
    int authorizations = 0;
    int types = 0;
};

void take_field(std::string_view name, std::string_view value, Fields& fields) {
    if (same_text(name, "host")) {
        ++fields.hosts;
        fields.host = value;
    } else if (same_text(name, "content-length")) {
        ++fields.lengths;
        fields.length = value;
    } else if (same_text(name, "transfer-encoding")) {
        ++fields.codings;
        fields.coding = value;
    } else if (same_text(name, "expect")) {
        ++fields.expectations;
        fields.expectation = value;
    } else if (same_text(name, "authorization")) {
        ++fields.authorizations;
    } else if (same_text(name, "content-type")) {
        ++fields.types;
    }
}

struct RequestLine {
    std::string_view method;
    std::string_view target;
    bool http_1_0 = false;
};

Status read_request_line(std::string_view line, RequestLine& request) {
    const auto first = line.find(' ');
    const auto last = line.rfind(' ');
    if (first == std::string_view::npos || first == last) {
        return bad_framing("the first line is method, target and version");
    }
    request.method = line.substr(0, first);
    request.target = line.substr(first + 1, last - first - 1);
    const std::string_view version = line.substr(last + 1);
    const bool is_version = version.size() == 8 && version.substr(0, 5) == "HTTP/" &&
                            is_digit(version[5]) && version[6] == '.' && is_digit(version[7]);
    if (!is_token(request.method) || request.target.empty() || !is_version ||
        request.target.find(' ') != std::string_view::npos) {
        return bad_framing("the first line is method, target and version");
    }
    request.http_1_0 = version == "HTTP/1.0";
    if (!request.http_1_0 && version != "HTTP/1.1") {
        return make_error(absl::StatusCode::kUnimplemented, "HTTP_VERSION",
                          "this server speaks version 1.1 of HTTP");
    }
    constexpr std::array<std::string_view, 9> kMethods = {
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"};
    if (std::find(kMethods.begin(), kMethods.end(), request.method) == kMethods.end()) {
        return make_error(absl::StatusCode::kUnimplemented, "METHOD_UNSUPPORTED",
                          "use GET for pages and POST for calls");
    }
    return absl::OkStatus();
}

// RFC 9112 3.2: which form a target has goes with the method.
Status check_target(const RequestLine& request, const Fields& fields) {
    const bool clean = std::all_of(request.target.begin(), request.target.end(), [](char c) {
        return c > 0x20 && c < 0x7F && c != '#' && c != '\\' && c != '"' && c != '<' && c != '>';
    });
    if (!clean) {
        return bad_path();
    }
    if (const auto authority = authority_of(request.target)) {
        return is_host(*authority) && (fields.hosts == 0 || same_text(*authority, fields.host))
                   ? absl::OkStatus()
                   : bad_framing("target and host do not agree");
    }
    if (request.method == "CONNECT" || (request.method == "OPTIONS" && request.target == "*")) {
        return absl::OkStatus();
    }
    return request.target.front() == '/' ? absl::OkStatus()
                                         : bad_framing("the target begins with a slash");
}

Status check_framing(const RequestLine& request, const Fields& fields) {
    if (fields.lengths + fields.codings > 1) {
        return bad_framing("one content-length or one transfer-encoding");
    }
    const bool decimal =
        !fields.length.empty() && fields.length.size() <= 12 &&
        std::all_of(fields.length.begin(), fields.length.end(), [](char c) { return is_digit(c); });
    if (fields.lengths == 1 && !decimal) {
        return bad_framing("content-length is a number of bytes");
    }
    if (fields.codings == 1 && (request.http_1_0 || !same_text(fields.coding, "chunked"))) {
        return bad_framing("the only transfer-encoding is chunked");
    }
    const bool has_body =
        fields.codings == 1 ||
        (fields.lengths == 1 && fields.length.find_first_not_of('0') != std::string_view::npos);
    if (has_body && (request.method == "GET" || request.method == "HEAD")) {
        return bad_framing("a page is asked for without a body");
    }
    return absl::OkStatus();
}

Status check_fields(const RequestLine& request, const Fields& fields) {
    if (fields.hosts > 1 || (fields.hosts == 0 && !request.http_1_0) ||
        (fields.hosts == 1 && !is_host(fields.host))) {
        return bad_framing("one host");
    }
    if (fields.authorizations > 1 || fields.types > 1 || fields.expectations > 1) {
        return bad_framing("a header is there twice");
    }
    if (fields.expectations == 1 && !same_text(fields.expectation, "100-continue")) {
        return make_error(absl::StatusCode::kFailedPrecondition, "EXPECTATION",
                          "the only expectation is 100-continue");
    }
    return absl::OkStatus();
}

}  // namespace

Status bad_framing(const std::string& why) {
    return invalid_argument("BAD_FRAMING", "the request cannot be read: " + why);
}

bool same_text(std::string_view a, std::string_view b) {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                              [](char x, char y) { return lower(x) == lower(y); });
}

Status HeadCheck::look(std::string_view bytes) {
    for (; seen_ < bytes.size() && size_ == 0; ++seen_) {
        const char c = bytes[seen_];
        const auto code = static_cast<unsigned char>(c);
        if (seen_ >= kHeadBytesMax) {
            return make_error(
                absl::StatusCode::kResourceExhausted, "HEAD_TOO_LARGE",
                "the headers are larger than " + std::to_string(kHeadBytesMax) + " bytes");
        }
        if (first_line_ && seen_ - line_begin_ >= kRequestLineBytesMax) {
            return make_error(
                absl::StatusCode::kResourceExhausted, "TARGET_TOO_LONG",
                "the first line is longer than " + std::to_string(kRequestLineBytesMax) + " bytes");
        }
        if (seen_ == line_begin_ && (c == ' ' || c == '\t')) {
            return bad_framing("a line begins with white space");
        }
        if (c == '\r') {
            if (seen_ + 1 == bytes.size()) {
                return absl::OkStatus();
            }
            if (bytes[seen_ + 1] != '\n') {
                return bad_framing("a line ends with CR and LF");
            }
            const bool empty = seen_ == line_begin_;
            ++seen_;
            line_begin_ = seen_ + 1;
            size_ = empty ? line_begin_ : 0;
            first_line_ = false;
        } else if (c == '\n') {
            return bad_framing("a line ends with CR and LF");
        } else if ((code < 0x20 && c != '\t') || code == 0x7F ||
                   (first_line_ && (code >= 0x7F || c == '\t'))) {
            return bad_framing("it has characters that no header has");
        }
    }
    return size_ == 0 ? absl::OkStatus() : check_head(bytes.substr(0, size_));
}

Status check_head(std::string_view head) {
    const auto line_end = head.find("\r\n");
    RequestLine request;
    PREPAY_RETURN_IF_ERROR(read_request_line(head.substr(0, line_end), request));
    Fields fields;
    std::string_view rest = head.substr(line_end + 2);
    while (rest.size() > 2) {
        const std::string_view line = rest.substr(0, rest.find("\r\n"));
        rest.remove_prefix(line.size() + 2);
        const auto colon = line.find(':');
        if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
            return bad_framing("a header is name: value, the colon next to the name");
        }
        take_field(line.substr(0, colon), trimmed(line.substr(colon + 1)), fields);
    }
    PREPAY_RETURN_IF_ERROR(check_framing(request, fields));
    PREPAY_RETURN_IF_ERROR(check_fields(request, fields));
    return check_target(request, fields);
}

Status read_target(std::string_view target, HttpRequest& request) {
    if (const auto authority = authority_of(target)) {
        target.remove_prefix(static_cast<std::size_t>(authority->data() - target.data()) +
                             authority->size());
    }
    const auto mark = target.find('?');
    const std::string_view raw_path = target.substr(0, mark);
    const auto path = decoded(raw_path.empty() ? "/" : raw_path, false);
    const bool clean = path && std::all_of(path->begin(), path->end(), [](char c) {
                           return static_cast<unsigned char>(c) >= 0x20 && c != 0x7F && c != '\\';
                       });
    if (!clean) {
        return bad_path();
    }
    request.path = *path;
    std::string_view query = mark == std::string_view::npos ? "" : target.substr(mark + 1);
    while (!query.empty()) {
        const std::string_view pair = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(query.size(), pair.size() + 1));
        const auto equals = pair.find('=');
        const auto name = decoded(pair.substr(0, equals), true);
        const auto value =
            decoded(equals == std::string_view::npos ? "" : pair.substr(equals + 1), true);
        if (!name || !value) {
            return bad_path();
        }
        request.params.emplace(*name, *value);
    }
    return absl::OkStatus();
}

std::string HttpRequest::header(std::string_view name) const {
    std::string list;
    for (const auto& [key, value] : headers) {
        if (key == name) {
            list += list.empty() ? value : ", " + value;
        }
    }
    return list;
}

bool HttpRequest::has_header(std::string_view name) const {
    return std::any_of(headers.begin(), headers.end(),
                       [&](const auto& header) { return header.first == name; });
}

bool is_printable(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c <= 0x7E; });
}

}  // namespace prepay::console
