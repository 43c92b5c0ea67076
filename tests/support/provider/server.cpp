#include "support/provider/server.h"

#include <httplib.h>

#include <chrono>
#include <thread>

namespace prepay::provider {
namespace {

void answer_plain(httplib::Response& response, const Reply& reply) {
    response.status = reply.status;
    response.set_header("Access-Control-Allow-Origin", "*");
    response.set_content(reply.body.is_null() ? "" : reply.body.dump(), "application/json");
}

void answer_signed(Provider& provider, httplib::Response& response, Reply reply) {
    const Faults faults = provider.faults();
    if (faults.answer_delay_ms > 0) {
        std::this_thread::sleep_for(std::chrono::milliseconds(faults.answer_delay_ms));
    }
    if (faults.answer_status != 0) {
        reply = {faults.answer_status, {{"code", "SYSTEM_ERROR"}, {"message", "on purpose"}}};
    }
    const SignedMessage message =
        provider.sign_answer(reply.body.is_null() ? "" : reply.body.dump());
    response.status = reply.status;
    response.set_header("Wechatpay-Timestamp", message.timestamp);
    response.set_header("Wechatpay-Nonce", message.nonce);
    response.set_header("Wechatpay-Signature", message.signature);
    response.set_header("Wechatpay-Serial", message.serial);
    if (!message.body.empty()) {
        response.set_content(message.body, "application/json");
    }
}

/// Runs a merchant's call once its Authorization is proven genuine.
template <typename Call>
void merchant_call(Provider& provider, const std::string& kind, const std::string& order_no,
                   const httplib::Request& request, httplib::Response& response, Call&& call) {
    const std::string problem = provider.check_authorization(
        request.get_header_value("Authorization"), request.method, request.target, request.body);
    const Json body = Json::parse(request.body, nullptr, false);
    const Reply reply =
        problem.empty() ? call(body) : Reply{401, {{"code", "SIGN_ERROR"}, {"message", problem}}};
    provider.note(kind, order_no, reply.status, problem);
    answer_signed(provider, response, reply);
}

void serve_merchant(httplib::Server& server, Provider& provider) {
    server.Post("/v3/pay/transactions/jsapi", [&](const auto& request, auto& response) {
        const Json body = Json::parse(request.body, nullptr, false);
        const std::string no =
            body.is_object() && body.contains("out_trade_no") && body["out_trade_no"].is_string()
                ? body["out_trade_no"].template get<std::string>()
                : "";
        merchant_call(provider, "prepay", no, request, response,
                      [&](const Json& json) { return provider.create_prepay(json); });
    });
    server.Get(R"(/v3/pay/transactions/out-trade-no/([^/?]+))",
               [&](const httplib::Request& request, httplib::Response& response) {
                   const std::string no = request.matches[1];
                   merchant_call(provider, "query", no, request, response, [&](const Json&) {
                       return provider.query(no, request.get_param_value("mchid"));
                   });
               });
    server.Post(R"(/v3/pay/transactions/out-trade-no/([^/?]+)/close)",
                [&](const httplib::Request& request, httplib::Response& response) {
                    const std::string no = request.matches[1];
                    merchant_call(provider, "close", no, request, response,
                                  [&](const Json& json) { return provider.close(no, json); });
                });
}

void serve_control(httplib::Server& server, Provider& provider) {
    server.Get("/sim/orders",
               [&](const auto&, auto& response) { answer_plain(response, provider.orders()); });
    server.Get(R"(/sim/orders/([^/]+))",
               [&](const httplib::Request& request, httplib::Response& response) {
                   answer_plain(response, provider.order(request.matches[1]));
               });
    server.Post(R"(/sim/orders/([^/]+)/pay)",
                [&](const httplib::Request& request, httplib::Response& response) {
                    const Reply reply = provider.pay_order(
                        request.matches[1], Json::parse(request.body, nullptr, false));
                    provider.note("pay", request.matches[1], reply.status, "by control");
                    answer_plain(response, reply);
                });
    server.Post(R"(/sim/orders/([^/]+)/notify)",
                [&](const httplib::Request& request, httplib::Response& response) {
                    answer_plain(response, provider.notify_again(request.matches[1]));
                });
    server.Get("/sim/faults", [&](const auto&, auto& response) {
        answer_plain(response, {200, provider.faults().to_json()});
    });
    server.Put("/sim/faults", [&](const httplib::Request& request, httplib::Response& response) {
        try {
            provider.set_faults(Faults::from_json(Json::parse(request.body)));
            answer_plain(response, {200, provider.faults().to_json()});
        } catch (const std::exception& error) {
            answer_plain(response, {400, {{"code", "PARAM_ERROR"}, {"message", error.what()}}});
        }
    });
    server.Post("/sim/release", [&](const auto&, auto& response) {
        provider.release();
        answer_plain(response, {200, Json::object()});
    });
    server.Get("/sim/log", [&](const httplib::Request& request, httplib::Response& response) {
        answer_plain(response,
                     {200, provider.log(std::atoll(request.get_param_value("from").c_str()))});
    });
}

}  // namespace

void serve(httplib::Server& server, Provider& provider) {
    server.set_payload_max_length(1 << 20);
    server.Get("/healthz",
               [](const auto&, auto& response) { response.set_content("ok\n", "text/plain"); });
    server.Post("/sim/pay", [&](const httplib::Request& request, httplib::Response& response) {
        const Reply reply = provider.pay(Json::parse(request.body, nullptr, false));
        provider.note("pay", reply.body.value("out_trade_no", ""), reply.status,
                      reply.body.value("code", ""));
        answer_plain(response, reply);
    });
    server.Options(R"(/sim/.*)", [](const auto&, httplib::Response& response) {
        response.status = 204;
        response.set_header("Access-Control-Allow-Origin", "*");
        response.set_header("Access-Control-Allow-Methods", "GET, POST, PUT, OPTIONS");
        response.set_header("Access-Control-Allow-Headers", "Content-Type");
    });
    serve_merchant(server, provider);
    serve_control(server, provider);
    server.set_exception_handler(
        [](const httplib::Request&, httplib::Response& response, std::exception_ptr problem) {
            std::string text = "unknown";
            try {
                std::rethrow_exception(problem);
            } catch (const std::exception& error) {
                text = error.what();
            }
            answer_plain(response, {400, {{"code", "PARAM_ERROR"}, {"message", text}}});
        });
}

}  // namespace prepay::provider
