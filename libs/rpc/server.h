#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>

#include <google/protobuf/message.h>

#include "core/status.h"
#include "core/time.h"
#include "rpc/access.h"
#include "telemetry/metrics.h"

namespace prepay::rpc {

/// What a handler knows about its call.
struct CallContext {
    std::string method;      ///< "prepay.billing.v1.BillingService/CreateTariff".
    Identity identity;       ///< subject empty for PUBLIC methods.
    std::string request_id;  ///< Empty where the request has no such field.
    /// SHA-256 hex of the request without its secret fields; goes with request_id into storage.
    std::string content_hash;
    std::string trace_id;
    std::string peer_address;    ///< The other end of the connection, without the port.
    std::string client_address;  ///< On whose behalf it says it calls; proves nothing.
    std::function<bool()> is_cancelled;
};

/// Sends the messages of a server stream. One caller at a time.
class RawStreamWriter {
public:
    virtual ~RawStreamWriter() = default;
    /// Blocks until the message is handed to the transport; false when the client is gone or the
    /// server is stopping.
    virtual bool write(const google::protobuf::Message& message) = 0;
    [[nodiscard]] virtual bool is_cancelled() const = 0;
};

template <typename Response>
class StreamWriter {
public:
    explicit StreamWriter(RawStreamWriter& raw) : raw_(raw) {}
    bool write(const Response& response) { return raw_.write(response); }
    /// Ask between waits; a cancelled stream's handler returns.
    [[nodiscard]] bool is_cancelled() const { return raw_.is_cancelled(); }

private:
    RawStreamWriter& raw_;
};

struct ServerOptions {
    std::string listen;          ///< "host:port"; port 0 = any, see Server::port().
    std::string public_key_pem;  ///< Verifies tokens.
    bool reflection = false;
    int worker_count = 8;  ///< Unary calls at work at once.
    std::size_t queue_max =
        1024;              ///< Waiting unary calls; more get RESOURCE_EXHAUSTED / OVERLOADED.
    int stream_max = 600;  ///< Open server streams; more get RESOURCE_EXHAUSTED / TOO_MANY_STREAMS.
};

/// Serves methods by their descriptors: every call passes token check, permission, request-id rule,
/// page token, deadline, trace id and metrics before its handler sees it. Handlers may block. A
/// method of a served service without a handler or without a permission ends the start.
class Server {
public:
    using RawUnary = std::function<Result<std::unique_ptr<google::protobuf::Message>>(
        const CallContext&, const google::protobuf::Message&)>;
    using RawStream = std::function<Status(const CallContext&, const google::protobuf::Message&,
                                           RawStreamWriter&)>;

    Server(ServerOptions options, telemetry::Metrics& metrics, const Clock& clock);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// `server.unary("prepay.billing.v1.BillingService/CreateTariff", &service,
    /// &Class::create_tariff)` with `Result<Response> create_tariff(const CallContext&, const
    /// Request&)`.
    template <typename Service, typename Request, typename Response>
    void unary(const std::string& method, Service* service,
               Result<Response> (Service::*handler)(const CallContext&, const Request&)) {
        add_unary(
            method, Request::default_instance(),
            [service, handler](const CallContext& context, const google::protobuf::Message& request)
                -> Result<std::unique_ptr<google::protobuf::Message>> {
                Result<Response> response =
                    (service->*handler)(context, static_cast<const Request&>(request));
                if (!response.ok()) {
                    return response.status();
                }
                return std::make_unique<Response>(*std::move(response));
            });
    }

    /// The same for server streams: `Status watch(const CallContext&, const Request&,
    /// StreamWriter<Response>&)`.
    template <typename Service, typename Request, typename Response>
    void stream(const std::string& method, Service* service,
                Status (Service::*handler)(const CallContext&, const Request&,
                                           StreamWriter<Response>&)) {
        add_stream(
            method, Request::default_instance(),
            [service, handler](const CallContext& context, const google::protobuf::Message& request,
                               RawStreamWriter& raw) {
                StreamWriter<Response> writer(raw);
                return (service->*handler)(context, static_cast<const Request&>(request), writer);
            });
    }

    void add_unary(const std::string& method, const google::protobuf::Message& request_prototype,
                   RawUnary handler);
    void add_stream(const std::string& method, const google::protobuf::Message& request_prototype,
                    RawStream handler);

    /// Tokens of these sessions are refused from now on, and their open streams end: TOKEN_REVOKED.
    /// Those named before are forgotten.
    void refuse_sessions(std::set<std::string> session_ids);

    /// Reasons METHOD_UNHANDLED, METHOD_WITHOUT_PERMISSION, ADDRESS_IN_USE.
    Status start();
    /// Refuses new calls, ends streams, waits for running calls up to the time given.
    void stop(std::chrono::milliseconds drain_timeout);
    [[nodiscard]] int port() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace prepay::rpc
