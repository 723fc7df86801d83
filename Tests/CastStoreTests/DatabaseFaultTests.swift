import CastCore
import CastStore
import GRDB
import Testing

@Suite struct DatabaseFaultTests {
    @Test(
        arguments: [
            (ResultCode.SQLITE_FULL, CastError.Code.storageFull), (.SQLITE_BUSY, .unavailable),
            (.SQLITE_BUSY_SNAPSHOT, .unavailable), (.SQLITE_LOCKED, .unavailable), (.SQLITE_CORRUPT, nil),
        ] as [(ResultCode, CastError.Code?)])
    func `a database's error is told in words`(result: ResultCode, code: CastError.Code?) {
        #expect(CastError(databaseError: DatabaseError(resultCode: result))?.code == code)
    }

    @Test func `other errors are not the database's`() {
        #expect(CastError(databaseError: CancellationError()) == nil)
    }
}
