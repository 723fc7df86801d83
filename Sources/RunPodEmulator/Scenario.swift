package import CastCore
package import Foundation

/// A file that says how an emulator shall behave from the start.
///
/// `{"faults": [{"kind": "noCapacity", "count": 3}], "secrets": {"ts_auth_key": "…"}, "balance": 25, "createSeconds": 2, "pullSeconds": 60,
/// "requestsPerMinute": 60, "pageSize": 10, "pagination": true}`, every key optional; times are the emulator's own.
package enum Scenario {
    /// - Throws: `.invalid` with all that is wrong.
    package static func apply(_ file: Data, to options: inout EmulatorOptions) throws(CastError) {
        do {
            guard JSONDepth.firstBeyondLimit(in: file) == nil,
                case .object(var fields)? = try? JSONDecoder().decode(JSONValue.self, from: file)
            else { throw Problem.invalid(["it is not a JSON object"]) }
            if let faults = fields.removeValue(forKey: "faults") { options.faults += try Fault.list(faults) }
            var reader = StrictReader(fields)
            options.balance = reader.number("balance").flatMap(Money.init(dollars:)) ?? options.balance
            options.secrets.merge(reader.map("secrets") ?? [:]) { $1 }
            options.createTime = reader.number("createSeconds").map(Duration.seconds) ?? options.createTime
            options.pullTime = reader.number("pullSeconds").map(Duration.seconds) ?? options.pullTime
            options.requestsPerMinute = reader.int("requestsPerMinute", atLeast: 1) ?? options.requestsPerMinute
            options.pageSize = min(reader.int("pageSize", atLeast: 1) ?? options.pageSize, 1000)
            options.hasPagination = reader.bool("pagination") ?? options.hasPagination
            try reader.check()
        } catch {
            let reasons = (error as? Problem)?.errors.joined(separator: "; ") ?? "\(error)"
            throw CastError(.invalid, "The scenario cannot be used: \(reasons).")
        }
    }
}
