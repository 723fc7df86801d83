package import CastCore
package import Foundation

/// How an emulator is set up.
package struct EmulatorOptions: Sendable {
    /// Whose account each key opens; two keys may open one account.
    package var accounts: [String: String] = ["emulator-key": "main"]
    /// Where pods have their directories and their logs.
    package var home: URL
    /// What each account starts with.
    package var balance = Money(micros: 1_000_000_000)
    /// Between a create and its answer.
    package var createTime: Duration = .zero
    /// Between a create and the start of its process.
    package var pullTime: Duration = .zero
    package var pageSize = 1000
    package var hasPagination = true
    package var requestsPerMinute = 3000
    package var catalogue = Catalogue.standard
    /// What every pod's image holds; nothing by default.
    package var image = Image()
    /// What every account has from the start, by name.
    package var secrets: [String: String] = [:]
    /// Armed from the start.
    package var faults: [Fault] = []

    package init(home: URL) { self.home = home }

    /// An image in so far as a process of this machine can have one.
    package struct Image: Sendable {
        /// Copied into each pod's directory, which is its `HOME`, before its first start.
        package var files: URL?
        /// What the image's `ENV` lines set; a pod's own environment wins.
        package var environment: [String: String] = [:]

        package init(files: URL? = nil, environment: [String: String] = [:]) {
            self.files = files
            self.environment = environment
        }
    }

    /// Reads `key=account,key=account`; a key without an account opens one of its own, named like the key.
    package static func accounts(_ text: String) throws(CastError) -> [String: String] {
        var accounts: [String: String] = [:]
        for part in text.split(separator: ",") {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                .map { $0.trimmingCharacters(in: .whitespaces) }
            guard let key = pair.first, !key.isEmpty, let account = pair.last, !account.isEmpty else {
                throw CastError(.invalid, "“\(text)” names no keys. It looks like key1=alice,key2=bob.")
            }
            accounts[key] = account
        }
        guard !accounts.isEmpty else { throw CastError(.invalid, "There must be at least one key.") }
        return accounts
    }
}
