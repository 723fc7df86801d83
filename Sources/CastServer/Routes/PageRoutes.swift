import Hummingbird

struct PageRoutes: Sendable {
    let parts: ServerParts
    let pages: Pages
    func add(to router: Router<AppContext>) {}
}

extension Pages: ErrorPage {}
