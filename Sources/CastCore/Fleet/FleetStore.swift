package import Foundation

/// Where the fleet's books are kept.
///
/// Every change goes through `change`: one transaction that reads the books, lets the body change them, and writes what
/// is different together with the events that tell of it. So a limit is always checked where it is spent, and a state
/// never changes without its line in the log. `FleetStoreContract` holds an implementation to this.
package protocol FleetStore: Sendable {
    /// The books as they are.
    func books(at now: Date) async throws -> FleetBooks

    /// Changes the books, or leaves them as they are when `body` throws.
    ///
    /// Two changes never see one another half done, in whichever process they run.
    /// - Returns: What `body` returns, and the events that were stored, with their ids.
    @discardableResult
    func change<Result: Sendable>(
        at now: Date, _ body: @escaping @Sendable (inout FleetBooks) throws -> Result
    ) async throws -> (result: Result, events: [FleetEvent])

    /// The log, newest first.
    func events(of instance: InstanceID?, before id: Int64?, limit: Int) async throws -> [FleetEvent]

    /// The runs that reach into a time, newest first.
    func runs(from start: Date, to end: Date) async throws -> [PodRun]
}

extension FleetStore {
    /// A pod that is gone is kept in the books for this long, so that people see what became of it.
    package static var memory: TimeInterval { 86_400 }

    /// Runs that ended before this are history: they no longer count for any budget, nor for the bill of last month.
    package static func runsNeededSince(_ now: Date) -> Date {
        BudgetPeriod(.month, containing: BudgetPeriod(.month, containing: now).start - 86_400).start
    }

    /// Measured speeds come from the runs of this time.
    package static var speedMemory: TimeInterval { 90 * 86_400 }

    /// So many launches are kept, the newest.
    package static var launchMemory: Int { 20 }
}
