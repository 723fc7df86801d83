package import CastCore
package import Foundation

/// What was billed, and what still bills: the truth that a fleet's own books are compared with.
package struct Ledger: Sendable, Equatable {
    package struct Row: Sendable, Equatable {
        package var id: String
        package var name: String
        package var account: String
        package var gpu: String
        package var pricePerHour: Money
        package var started: Date
        package var ended: Date?
        package var seconds: Int64
        package var billed: Money
    }

    /// In the order in which the pods were created.
    package var rows: [Row]

    package var billed: Money { self.rows.reduce(.zero) { $0 + $1.billed } }
    package var stillBilling: Int { self.rows.count { $0.ended == nil } }
}

extension Ledger {
    var json: JSONValue {
        let pods = self.rows.map { row in
            JSONValue.object([
                "id": .string(row.id), "name": .string(row.name), "account": .string(row.account),
                "gpu": .string(row.gpu), "pricePerHour": .double(row.pricePerHour.dollars),
                "started": .string(row.started.formatted(.iso8601)),
                "ended": row.ended.map { .string($0.formatted(.iso8601)) } ?? .null, "seconds": .int(row.seconds),
                "billed": .double(row.billed.dollars), "billedMicros": .int(row.billed.micros),
            ])
        }
        return .object([
            "pods": .array(pods),
            "totals": .object([
                "billed": .double(self.billed.dollars), "billedMicros": .int(self.billed.micros),
                "stillBilling": .int(Int64(self.stillBilling)),
            ]),
        ])
    }
}
