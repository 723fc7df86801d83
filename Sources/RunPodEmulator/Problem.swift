import CastCore

/// A refusal in RunPod's form: what REST answers as `application/problem+json` and GraphQL as an error.
struct Problem: Error, Sendable {
    var status: Int
    var detail: String
    var errors: [String] = []
    var headers: [(String, String)] = []

    static let capacity = Problem(
        status: 400,
        detail:
            "There are no longer any instances available with the requested specifications. Please refresh and try again."
    )
    static let notFound = Problem(status: 404, detail: "resource not found")
    static let unauthorized = Problem(status: 401, detail: "missing bearer token")
    static let forbidden = Problem(status: 403, detail: "access denied")
    static let outOfMoney = Problem(
        status: 402, detail: "Your account balance is too low to deploy this pod. Please add funds and try again.")

    static func invalid(_ errors: [String]) -> Problem {
        Problem(status: 422, detail: "Request validation failed.", errors: errors)
    }

    static func rateLimited(_ seconds: Int) -> Problem {
        Problem(
            status: 429, detail: "rate limit exceeded for the minute window",
            headers: [("Retry-After", String(seconds))])
    }

    static let titles = [
        400: "Bad Request", 401: "Unauthorized", 402: "Payment Required", 403: "Forbidden", 404: "Not Found",
        405: "Method Not Allowed", 409: "Conflict", 410: "Gone", 413: "Payload Too Large",
        422: "Unprocessable Entity", 429: "Too Many Requests", 500: "Internal Server Error",
    ]

    var json: JSONValue {
        var fields: [String: JSONValue] = [
            "title": .string(Self.titles[self.status] ?? "Error"), "status": .int(Int64(self.status)),
            "detail": .string(self.detail),
        ]
        if !self.errors.isEmpty { fields["errors"] = .array(self.errors.map(JSONValue.string)) }
        return .object(fields)
    }
}

/// How a request ends that a fault spoils.
enum Spoilt: Error, Sendable {
    /// The connection closes without an answer.
    case dropped
    /// A page of something in between.
    case page
}
