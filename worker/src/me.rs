//! `GET /api/me` and signing in: who one is, beside what the school says to
//! everybody and how much waits for this person.

use std::rc::Rc;

use domain::access::Person;
use domain::account::{Me, SignIn};
use serde::Deserialize;

use crate::platform::app::App;
use crate::platform::d1::Answers;
use crate::platform::error::AppError;
use crate::platform::http::{Call, Reply, Signed};
use crate::{account, appointment, filing, message, office_request, school};

#[derive(Deserialize)]
struct Count {
    n: u32,
}

#[derive(Deserialize)]
struct ToDo {
    waiting: u32,
    returned: u32,
    late: u32,
}

async fn me_of(app: &App, person: Person) -> Result<Me, AppError> {
    let rows = app
        .db
        .run(vec![
            school::store::school_sql(),
            message::visibility::count_waiting(&person, app.now())?,
            appointment::store::own_sql(person.id),
            appointment::store::count_sql(&person),
            account::slips::told_sql(person.id, app.now()),
            filing::store::desk_sql(&person, app.now()),
            office_request::store::count_sql(&person),
            appointment::coming::own_sql(person.id, app.now()),
            appointment::ending::told_sql(person.id, app.now()),
            school::unit_changes::count_sql(&person),
        ])
        .await?;
    let ToDo { waiting, returned, late } = rows.at(1)?.one()?;
    Ok(Me {
        school: school::store::school_view(rows.at(0)?)?.seen_by(&person),
        waiting,
        returned,
        late,
        unconfirmed: appointment::store::own(rows.at(2)?)?,
        to_confirm: rows.at(3)?.one::<Count>()?.n,
        resets: account::slips::told(rows.at(4)?)?,
        desk: filing::store::read_desk(rows.at(5)?)?,
        requests: rows.at(6)?.one::<Count>()?.n,
        coming: appointment::coming::own(rows.at(7)?)?,
        ended: appointment::ending::told(rows.at(8)?)?,
        unit_changes: rows.at(9)?.one::<Count>()?.n,
        now: app.now(),
        person,
    })
}

/// `GET /api/me`.
///
/// # Errors
/// Where the database fails.
pub async fn me(call: Signed) -> Result<Reply<Me>, AppError> {
    let person = Rc::unwrap_or_clone(call.person.clone());
    Reply::json(200, &me_of(&call.app, person).await?)
}

/// `POST /api/session`.
///
/// # Errors
/// As [`account::routes::sign_in`].
pub async fn sign_in(call: Call, order: SignIn) -> Result<Reply<Me>, AppError> {
    let (person, cookie) = account::routes::sign_in(&call, order).await?;
    Ok(Reply::json(200, &me_of(&call.app, person).await?)?.header("Set-Cookie", cookie))
}
