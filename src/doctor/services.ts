import { listServices, readCurrentRecord } from '../deployment/record.ts';
import { type Check, complaintsOf, orElse } from './check.ts';

/** Whether the record of each service can be read. What became of its files is for `berth verify` to tell. */
export const servicesCheck: Check = {
  name: 'services',
  live: false,
  find({ paths }) {
    const names = listServices(paths);
    const complaints = complaintsOf(names.map((name) => () => readCurrentRecord(paths, name)));
    return orElse(complaints, `${names.length} installed; to compare their files: berth verify`);
  },
};
